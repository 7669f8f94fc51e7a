// The board of a waiting room: the calls, who is next, and how long it takes. Codes only; names never come here.

import { Announcer } from "./announcer.js";
import { Calls } from "./calls.js";
import { Chime } from "./chime.js";
import { Refresh } from "./refresh.js";
import { Stream } from "./stream.js";
import { apart, languagesOf, put, translate } from "./words.js";

const ROTATE_EVERY = 10_000; // ms in one language
const REFRESH_PAUSE = 1_000; // ms: one question a second at most, however much happens
const LOOK_AGAIN = 15_000; // ms until a queue that is not there yet is looked for again
const REESTIMATE = 60_000; // ms: estimates move with the clock too
const FRESH_FOR = 12_000; // ms during which a call stands out
const NEXT_SHOWN = 12;
const MANY = 5; // calls; with more, there is no room for where a counter is
const LONG = 4; // letters; a counter with a longer name is written smaller, if need be in several lines
const NOTICES = new Set(["paused", "inactive", "emergency", "closed"]);

class QueueBoard extends HTMLElement {
  #parts = {};
  #languages;
  #shown = 0; // which of the languages
  #view = null;
  #missing = false;
  #staleSince = null;
  #drift = 0; // ms that this machine's clock is behind the server's
  #memory;
  #calls;
  #fresh = new Set();
  #announcer = new Announcer((call) => this.#calls.has(call), (call) => this.#announce(call));
  #chime;
  #refresh;

  connectedCallback() {
    const { service, hospital, words, sound } = this.dataset;
    for (const part of this.querySelectorAll("[data-part]")) this.#parts[part.dataset.part] = part;
    this.#languages = languagesOf(words);
    this.#memory = `board ${hospital} ${service}`;
    this.#calls = new Calls(remembered(this.#memory));
    this.#refresh = new Refresh(
      `/api/v1/services/${encodeURIComponent(service)}/board/?hospital=${encodeURIComponent(hospital)}`,
      REFRESH_PAUSE,
      (view, outdated) => this.#take(view, outdated),
      () => this.#lose(),
    );
    if (sound === "on") this.#listenForTouch();
    new Stream([`board:${service}`], hospital, {
      snapshot: (data) => {
        this.#take(data, false);
        this.#refresh.overtaken();
      },
      messages: (messages) => this.#apply(messages),
      heard: (frame) => frame.time && (this.#drift = Date.parse(frame.time) - Date.now()),
      stale: (yes) => this.#setStale(yes),
    }).start();
    this.#refresh.want();
    setInterval(() => this.#refresh.want(), REESTIMATE);
    setInterval(() => this.#tick(), 1_000);
    if (this.#languages.length > 1) setInterval(() => this.#rotate(), ROTATE_EVERY);
    this.#draw();
  }

  get #language() {
    return this.#languages[this.#shown];
  }

  // `outdated`: messages came while the view was on its way, so that the calls here are newer than its own.
  #take(view, outdated) {
    this.#missing = false;
    const calls = this.#view && outdated ? this.#view.calls : view.calls;
    this.#view = { ...view, calls };
    if (!outdated) this.#heed(this.#calls.take(calls));
    this.#draw();
  }

  #apply(messages) {
    const fresh = [];
    for (const message of messages) {
      const call = this.#calls.apply(message);
      if (call) fresh.push(call);
      if (this.#view && Number.isInteger(message.waiting)) this.#view.waiting = message.waiting;
      if (this.#view && message.type === "service_update" && message.status) this.#view.status = message.status;
    }
    this.#heed(fresh);
    this.#refresh.want();
    this.#draw();
  }

  #heed(calls) {
    remember(this.#memory, this.#calls.heard);
    this.#announcer.add(calls);
  }

  #announce(call) {
    const said = this.#languages.map((language) => {
      const sentence = document.createElement("p");
      const values = { code: apart(call.code), place: language.place(call.counter) };
      put(sentence, language.say("announcement", values), language);
      return sentence;
    });
    this.#parts.spoken.replaceChildren(...said);
    this.#chime?.ring();
    this.#fresh.add(key(call));
    setTimeout(() => {
      this.#fresh.delete(key(call));
      this.#draw();
    }, FRESH_FOR);
    this.#draw();
  }

  #listenForTouch() {
    const show = (ready) => (this.#parts.sound.hidden = ready || !this.#chime.possible);
    this.#chime = new Chime(show);
    show(this.#chime.ready);
    // Any touch will do: nobody aims at a small button on a wall.
    for (const touch of ["click", "keydown"]) document.addEventListener(touch, () => this.#chime.allow());
  }

  #lose() {
    this.#missing = this.#view === null;
    setTimeout(() => this.#refresh.want(), LOOK_AGAIN);
    this.#draw();
  }

  #setStale(yes) {
    this.#staleSince = yes ? new Date(this.#now() - 10_000) : null;
    if (!yes) this.#refresh.want();
    this.#draw();
  }

  #rotate() {
    this.#shown = (this.#shown + 1) % this.#languages.length;
    this.#draw();
  }

  #now() {
    return Date.now() + this.#drift;
  }

  #tick() {
    const time = this.#language.time(new Date(this.#now()));
    put(this.#parts.clock, time, this.#language);
  }

  #draw() {
    const language = this.#language;
    const view = this.#view;
    translate(this, language);
    this.#tick();
    this.#drawNotices(language, view);
    if (!view) return;
    this.#parts.name.textContent = document.title = view.name;
    this.#parts.location.textContent = view.location ?? "";
    this.#drawCalls();
    const waiting = view.waiting ? language.say("people_waiting", { count: view.waiting }) : language.say("nobody_waiting");
    put(this.#parts.waiting, waiting, language);
    rows(this.#parts.next, this.#parts["next-row"], view.next.slice(0, NEXT_SHOWN), (item) => item.code, (row, item) => {
      row.querySelector(".code").textContent = item.code;
      put(row.querySelector("td span"), wait(language, item.estimated_wait_minutes), language);
    });
  }

  #drawNotices(language, view) {
    const { stale, notice } = this.#parts;
    const since = this.#staleSince && apart(language.time(this.#staleSince));
    put(stale, since ? language.say("stale", { time: since }) : "", language);
    let text = view && NOTICES.has(view.status) ? language.say(view.status) : "";
    if (this.#missing) text = `${language.say("no_board")} ${language.say("no_board_hint")}`;
    put(notice, text, language);
    this.dataset.state = this.#missing ? "missing" : (view?.status ?? "loading");
  }

  #drawCalls() {
    const calls = this.#calls.list;
    this.toggleAttribute("data-empty", calls.length === 0);
    this.#parts.calls.toggleAttribute("data-many", calls.length > MANY);
    this.#parts.calls.style.setProperty("--rows", Math.max(calls.length - 1, 3));
    rows(this.#parts.calls, this.#parts["call-row"], calls, key, (row, call) => {
      row.querySelector(".code").textContent = call.code;
      row.querySelector(".counter").textContent = call.counter;
      row.querySelector(".place").textContent = call.counter_location ?? "";
      const [code, counter] = [[...call.code].length, [...call.counter].length];
      row.style.setProperty("--code", code);
      row.style.setProperty("--counter", counter);
      row.toggleAttribute("data-long", counter > LONG);
      row.style.setProperty("--letters", code + Math.min(counter, LONG) + 1);
      row.toggleAttribute("data-fresh", this.#fresh.has(key(call)));
      row.dataset.status = call.status;
    });
  }
}

function key(call) {
  return `${call.code} ${call.at}`;
}

function wait(language, estimate) {
  if (!estimate) return "";
  return estimate.high < 1 ? language.say("soon") : language.say("minutes", { range: language.range(estimate) });
}

// One row an item, in order. A row stays the same element while its item does, so that its highlight goes on.
function rows(body, template, items, keyOf, fill) {
  const there = new Map([...body.children].map((row) => [row.dataset.key, row]));
  const made = items.map((item) => {
    const row = there.get(keyOf(item)) ?? template.content.firstElementChild.cloneNode(true);
    row.dataset.key = keyOf(item);
    fill(row, item);
    return row;
  });
  if (made.length !== body.children.length || made.some((row, place) => row !== body.children[place])) {
    body.replaceChildren(...made);
  }
}

// What was announced survives a reload of the page; a browser that keeps nothing for us is no reason to fail.
function remembered(name) {
  try {
    return Number(sessionStorage.getItem(name)) || null;
  } catch {
    return null;
  }
}

function remember(name, instant) {
  try {
    if (instant) sessionStorage.setItem(name, String(instant));
  } catch {
    // As above.
  }
}

customElements.define("queue-board", QueueBoard);
