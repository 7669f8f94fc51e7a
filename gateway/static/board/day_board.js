// The board of a clinic's day: its rooms, when they are held, and who waits for one. Nobody's name and nobody's id.

import { Day } from "./day.js";
import { DayGrid } from "./day_grid.js";
import { keyed } from "./day_keyed.js";
import { DayList } from "./day_list.js";
import { DayTime, later } from "./day_time.js";
import { DayWords } from "./day_words.js";
import { Refresh } from "./refresh.js";
import { STALE_AFTER, Stream } from "./stream.js";
import { languagesOf, put, translate } from "./words.js";

const REFRESH_PAUSE = 1_000; // ms: one question a second at most, however much happens
const LOOK_AGAIN = 15_000; // ms until a clinic that is not there is looked for again
const REFRESH_EVERY = 60_000; // ms: setup for somebody just after midnight is the next day's, of which nothing is heard
const LEAP = 2_000; // ms by which the clock may move without a new drawing
const WAITING_SHOWN = 12; // above a timeline, which needs the room; a list has it
const NARROW = "(max-width: 699px)"; // where a list says more than a timeline

class DayBoard extends HTMLElement {
  #parts = {};
  #language;
  #speech = null;
  #day = null;
  #missing = false;
  #staleSince = null;
  #drift = 0; // ms that this machine's clock is behind the server's
  #stream = null;
  #followed = ""; // the date whose changes are followed
  #recent = []; // messages that the view which is on its way may not know yet
  #turn = Infinity; // when the board looks different without anything happening
  #chosen = null; // [room id, key of the item or null]: what the details are about
  #view = null; // list or timeline, where somebody said so
  #frame = 0; // of the drawing that is due
  #grid;
  #list;
  #refresh;

  connectedCallback() {
    const { clinic, date, hospital, words } = this.dataset;
    for (const part of this.querySelectorAll("[data-part]")) this.#parts[part.dataset.part] = part;
    this.#language = languagesOf(words)[0];
    this.#grid = new DayGrid(this.#parts, (room, key) => this.#choose(room, key));
    this.#list = new DayList(this.#parts);
    const asked = new URLSearchParams(date ? { hospital, date } : { hospital });
    this.#refresh = new Refresh(
      `/api/v1/clinics/${encodeURIComponent(clinic)}/day/?${asked}`,
      REFRESH_PAUSE,
      (view, outdated) => this.#take(view, outdated),
      () => this.#lose(),
    );
    this.#refresh.want();
    setInterval(() => this.#refresh.want(), REFRESH_EVERY);
    setInterval(() => this.#tick(), 1_000);
    this.#arrange();
  }

  // `outdated`: messages came while the view was on its way. What they say is said again on top of it.
  #take(view, outdated) {
    const first = this.#day === null;
    this.#missing = false;
    this.#day = new Day(view);
    if (outdated) for (const message of this.#recent) this.#day.apply(message);
    else this.#recent = [];
    const time = new DayTime(this.#language.code, this.#day.zone, this.#day.start, this.#day.end);
    this.#speech = new DayWords(this.#language, time);
    if (this.#day.date !== this.#followed) this.#follow(this.#day.date);
    this.#draw();
    if (first) this.#grid.scrollToNow();
  }

  // An address without a date shows today, whatever day that has become.
  #follow(date) {
    this.#stream?.stop();
    this.#followed = date;
    this.#recent = [];
    const { clinic, hospital } = this.dataset;
    // Of the day before comes what reaches into this one; of the rooms, only that they have changed.
    const days = [date, later(date, -1)].map((day) => `clinic_day:${clinic}:${day}`);
    this.#stream = new Stream([...days, `clinic_rooms:${clinic}`], hospital, {
      snapshot: (view) => {
        if (!view.rooms || view.date !== date) return;
        this.#take(view, false);
        this.#refresh.overtaken();
      },
      messages: (messages) => this.#apply(messages),
      heard: (frame) => frame.time && this.#setClock(Date.parse(frame.time)),
      stale: (yes) => this.#setStale(yes),
    });
    this.#stream.start();
  }

  #apply(messages) {
    this.#recent.push(...messages);
    for (const message of messages) this.#day.apply(message);
    this.#refresh.want();
    this.#frame ||= requestAnimationFrame(() => this.#draw()); // once a frame, however much happens
  }

  #lose() {
    this.#missing = this.#day === null;
    setTimeout(() => this.#refresh.want(), LOOK_AGAIN);
    this.#draw();
  }

  #setStale(yes) {
    this.#staleSince = yes ? this.#now() - STALE_AFTER : null;
    if (!yes) this.#refresh.want();
    this.#draw();
  }

  #setClock(now) {
    const drift = now - Date.now();
    const jumped = Math.abs(drift - this.#drift) > LEAP;
    this.#drift = drift;
    if (jumped) this.#draw();
  }

  #choose(room, key) {
    this.#chosen = room ? [room, key] : null;
    this.#drawDetails();
  }

  #now() {
    return Date.now() + this.#drift;
  }

  #tick() {
    if (!this.#day) return;
    const now = this.#now();
    put(this.#parts.clock, this.#speech.time.time(now), this.#language);
    this.#grid.drawNow(now);
    if (now < this.#turn) return;
    this.#refresh.want(); // the rooms' states have changed with the clock, or the day has
    this.#draw();
  }

  // The buttons, and which of the two views it is.
  #arrange() {
    const narrow = window.matchMedia(NARROW);
    const asked = new URLSearchParams(location.search).get("view");
    this.#view = asked === "list" || asked === "timeline" ? asked : null;
    let printing = false; // paper has the timeline
    const show = () => {
      this.dataset.view = printing ? "timeline" : (this.#view ?? (narrow.matches ? "list" : "timeline"));
      this.#parts["as-list"].ariaPressed = String(this.dataset.view === "list");
      this.#parts["as-timeline"].ariaPressed = String(this.dataset.view === "timeline");
      this.#draw();
    };
    for (const view of ["list", "timeline"]) {
      this.#parts[`as-${view}`].addEventListener("click", () => {
        this.#view = view;
        history.replaceState(null, "", addressed({ view }));
        show();
      });
    }
    this.#parts.print.addEventListener("click", () => window.print());
    for (const when of ["beforeprint", "afterprint"]) {
      window.addEventListener(when, () => {
        printing = when === "beforeprint";
        show();
      });
    }
    narrow.addEventListener("change", show);
    show();
  }

  #draw() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    translate(this, this.#language);
    this.#drawNotices();
    this.dataset.state = this.#missing ? "missing" : this.#day ? "on" : "loading";
    if (!this.#day || this.#missing) return;
    const [day, speech, now] = [this.#day, this.#speech, this.#now()];
    const date = speech.time.date(day.date);
    this.#turn = day.turn(now);
    this.#parts.name.textContent = day.name;
    put(this.#parts.date, date, this.#language);
    document.title = `${day.name} · ${date}`;
    this.#drawLinks();
    this.#grid.draw(day, speech, now); // behind a list too: it is what gets printed
    if (this.dataset.view === "list") this.#list.draw(day, speech, now);
    this.#drawWaiting(now);
    this.#drawDetails();
    put(this.#parts["as-of"], this.#language.say("as_of", { time: speech.time.time(now) }), this.#language);
    this.#tick();
  }

  #drawNotices() {
    const language = this.#language;
    const since = this.#staleSince && this.#speech.time.time(this.#staleSince);
    put(this.#parts.stale, since ? language.say("page_stale", { time: since }) : "", language);
    const said = [];
    if (this.#missing) said.push(language.say("no_clinic"), language.say("no_clinic_hint"));
    else if (this.#day) {
      const changed = this.#speech.time.changed;
      if (changed) said.push(language.say("hours_changed", { count: 24 + changed }));
      if (this.#day.rooms.length === 0) said.push(language.say("no_rooms"));
    }
    put(this.#parts.notice, said.join(" "), language);
  }

  #drawLinks() {
    if (!this.#day) return;
    const { before, after, today } = this.#parts;
    before.href = addressed({ date: later(this.#day.date, -1) });
    after.href = addressed({ date: later(this.#day.date, 1) });
    today.href = addressed({ date: null });
    today.hidden = this.#day.has(this.#now());
    this.#parts.days.hidden = false;
  }

  #drawWaiting(now) {
    const { waiting, unplaced, more } = this.#parts;
    const items = this.#day.waiting;
    const shown = this.dataset.view === "list" ? items : items.slice(0, WAITING_SHOWN);
    waiting.hidden = items.length === 0;
    more.hidden = shown.length === items.length;
    more.textContent = `+${items.length - shown.length}`;
    put(unplaced, items.length ? this.#language.say("without_room", { count: items.length }) : "", this.#language);
    keyed(this.#parts["waiting-list"], this.#parts["waiting-item"], shown, (item) => item.key, (row, item) => {
      row.toggleAttribute("data-overdue", item.deadline <= now);
      row.querySelector(".when").textContent = this.#speech.range(item);
      row.querySelector(".what").textContent = this.#speech.waiting(item, now);
    });
  }

  #drawDetails() {
    const { details } = this.#parts;
    const [id, key] = this.#chosen ?? [];
    // An appointment that went to another room is still the one that was asked about.
    const has = (other) => other.items.some((item) => item.key === key);
    const room = key ? this.#day?.rooms.find(has) : this.#day?.rooms.find((other) => other.id === id);
    const item = key && room?.items.find((other) => other.key === key);
    let text = "";
    if (room && item) text = [room.name, ...this.#speech.details(item)].join(" · ");
    else if (room) text = this.#speech.room(room, this.#day.has(this.#now()));
    put(details, text, this.#language);
  }
}

// This page's address with other values; `null` takes one away.
function addressed(values) {
  const asked = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(values)) {
    if (value === null) asked.delete(name);
    else asked.set(name, value);
  }
  return `?${asked}`;
}

customElements.define("day-board", DayBoard);
