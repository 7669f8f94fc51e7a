// The page of one ticket: its place in line, how long it may take, and where to go when it is called. No name.

import { micros } from "./calls.js";
import { Chime } from "./chime.js";
import { Refresh } from "./refresh.js";
import { Stream } from "./stream.js";
import { apart, languagesOf, put, translate } from "./words.js";

const REFRESH_PAUSE = 1_000;
const LOOK_EVERY = 20_000; // ms: those ahead move without a message to this ticket
const NEAR = 3; // people ahead
const BUZZ = [300, 150, 300];
const ALIVE = new Set(["waiting", "called", "consulting", "parked"]);

class QueueTicket extends HTMLElement {
  #parts = {};
  #language;
  #view = null;
  #missing = false;
  #staleSince = null;
  #called = null; // the instant of the last call that was made known; null: the page has just been opened
  #chime = new Chime(() => this.#draw());
  #refresh;

  connectedCallback() {
    const { link, hospital, words } = this.dataset;
    for (const part of this.querySelectorAll("[data-part]")) this.#parts[part.dataset.part] = part;
    this.#language = languagesOf(words)[0];
    this.#refresh = new Refresh(
      `/api/v1/tickets/link/${encodeURIComponent(link)}/?hospital=${encodeURIComponent(hospital)}`,
      REFRESH_PAUSE,
      (view) => this.#take(view),
      () => this.#lose(),
    );
    new Stream([`ticket:${link}`], hospital, {
      snapshot: (view) => {
        this.#take(view);
        this.#refresh.overtaken();
      },
      messages: (messages) => this.#apply(messages),
      heard: () => {},
      stale: (yes) => this.#setStale(yes),
    }).start();
    this.#refresh.want();
    setInterval(() => document.visibilityState === "visible" && this.#refresh.want(), LOOK_EVERY);
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.#refresh.want());
    this.#parts.ring.addEventListener("click", () => this.#askToRing());
    this.#draw();
  }

  #take(view) {
    this.#missing = false;
    const before = this.#view;
    const updated = micros(view.updated_at);
    if (before && updated < (this.#called ?? 0)) return; // from before the call that we know of
    this.#view = view;
    if (view.status === "called") this.#called = updated;
    if (before && before.status !== "called" && view.status === "called") this.#call();
    this.#draw();
  }

  // A message tells of a call at once; all the rest is asked for.
  #apply(messages) {
    for (const message of messages) {
      if (message.type !== "patient_called" || !this.#view) continue;
      const again = this.#view.status === "called" && micros(message.at) > (this.#called ?? 0);
      const known = this.#view.status === "called" && !again;
      this.#view = { ...this.#view, status: message.status ?? "called", counter: message.counter, people_ahead: 0 };
      this.#called = micros(message.at);
      if (!known) this.#call();
    }
    this.#refresh.want();
    this.#draw();
  }

  #call() {
    const [big] = this.#says();
    put(this.#parts.spoken, "", this.#language);
    put(this.#parts.spoken, big, this.#language);
    this.#chime.ring();
    navigator.userActivation?.hasBeenActive && navigator.vibrate?.(BUZZ);
    this.#notify(big);
  }

  // Only where the patient asked for it; a phone's browser may want more than a page can give, and then it rings only.
  #notify(text) {
    try {
      if (window.Notification?.permission === "granted" && document.visibilityState === "hidden") new Notification(text);
    } catch {
      // As said above.
    }
  }

  async #askToRing() {
    await this.#chime.allow();
    this.#chime.ring();
    if (window.Notification?.permission === "default") await Notification.requestPermission();
    this.#draw();
  }

  #lose() {
    this.#missing = true;
    this.#draw();
  }

  #setStale(yes) {
    this.#staleSince = yes ? new Date(Date.now() - 10_000) : null;
    if (!yes) this.#refresh.want();
    this.#draw();
  }

  // What there is to say: [in big letters, below].
  #says() {
    const say = (key, values) => this.#language.say(key, values);
    const { status, counter, people_ahead: ahead } = this.#view;
    const place = counter ? this.#language.place(counter) : "";
    switch (status) {
      case "waiting":
        return [ahead > 0 ? say("people_ahead", { count: ahead }) : say("nobody_ahead"), ahead < NEAR ? say("near_hint") : ""];
      case "called":
        return [place ? say("your_turn", { place }) : say("your_turn_now"), say("turn_hint")];
      case "consulting":
        return [place ? say("being_seen", { place }) : say("being_seen_now"), ""];
      case "parked":
        return [say("parked"), say("parked_hint")];
      case "completed":
        return [say("completed"), say("completed_hint")];
      default:
        return [say(status), say("ask_hint")]; // no_show, cancelled, expired, transferred
    }
  }

  #draw() {
    const language = this.#language;
    const parts = this.#parts;
    if (!language) return;
    translate(this, language);
    const since = this.#staleSince && apart(language.time(this.#staleSince));
    put(parts.stale, since && this.#alive ? language.say("page_stale", { time: since }) : "", language);
    this.dataset.state = this.#missing ? "missing" : (this.#view?.status ?? "loading");
    parts.label.hidden = this.#missing;
    for (const part of ["ring", "rings", "keep", "estimate"]) parts[part].hidden = true;
    if (this.#missing) {
      parts.code.textContent = parts.service.textContent = "";
      put(parts.state, language.say("no_ticket"), language);
      put(parts.hint, language.say("no_ticket_hint"), language);
    } else if (this.#view) {
      this.#drawView(language, parts, this.#view);
    }
  }

  get #alive() {
    return !this.#missing && ALIVE.has(this.#view?.status ?? "waiting");
  }

  #drawView(language, parts, view) {
    parts.code.textContent = view.code;
    parts.service.textContent = view.service_name;
    const [big, hint] = this.#says();
    put(parts.state, big, language);
    put(parts.hint, hint, language);
    document.title = `${view.code}: ${big}`;
    const range = view.status === "waiting" && view.estimated_wait_minutes;
    if (range) {
      const text = range.high < 1 ? language.say("any_moment") : language.say("about_minutes", { range: language.range(range) });
      put(parts.range, text, language);
    }
    parts.estimate.hidden = !range;
    const waits = view.status === "waiting" || view.status === "parked";
    parts.ring.hidden = !waits || this.#chime.ready || !this.#chime.possible;
    parts.rings.hidden = !waits || !this.#chime.ready;
    parts.keep.hidden = !waits;
  }
}

customElements.define("queue-ticket", QueueTicket);
