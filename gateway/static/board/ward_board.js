// The board of a ward: its beds, what state each is in and since when, and who waits. Nobody's name and nobody's id,
// unless somebody of the staff has shown a key: then the same with names, and with what can be done for a bed.

import { keyed } from "./day_keyed.js";
import { KeyedSource } from "./keyed_source.js";
import { Refresh } from "./refresh.js";
import { StaffDoor } from "./staff_door.js";
import { STALE_AFTER, Stream } from "./stream.js";
import { Ward } from "./ward.js";
import { WardBeds } from "./ward_beds.js";
import { WardWords } from "./ward_words.js";
import { languagesOf, put, translate } from "./words.js";

const REFRESH_PAUSE = 1_000; // ms: one question a second at most, however much happens
const LOOK_AGAIN = 15_000; // ms until a ward that is not there is looked for again
const REDRAW_EVERY = 5_000; // ms: how long things have lasted is told in minutes
const LEAP = 2_000; // ms by which the clock may move without a new drawing
const WAITING_SHOWN = 14; // and in a column beside the beds as many of them as fit; the rest is counted
const WAITING_ABOVE = 4; // on a phone, where the beds are below
const NARROW = "(max-width: 699px)";
const DONE = {
  housekeeping: { step: "clean", said: (language) => language.say("mark_clean") },
  contaminated: { step: "decontaminate", said: (language) => language.say("mark_decontaminated") },
};

class WardBoard extends HTMLElement {
  #parts = {};
  #language;
  #speech;
  #ward = null;
  #missing = false;
  #failed = false; // the last thing that was to be done
  #staff = false; // whether names are shown
  #staleSince = null;
  #drift = 0; // ms that this machine's clock is behind the server's
  #stream = null;
  #following = false;
  #refresh = null;
  #recent = []; // messages that the view which is on its way may not know yet
  #chosen = null; // id of the bed that the details are about
  #frame = 0; // of the drawing that is due
  #beds;
  #door;

  connectedCallback() {
    for (const part of this.querySelectorAll("[data-part]")) this.#parts[part.dataset.part] = part;
    this.#language = languagesOf(this.dataset.words)[0];
    this.#speech = new WardWords(this.#language);
    this.#beds = new WardBeds(this.#parts, (id) => this.#choose(id));
    this.#door = new StaffDoor(this.#parts.door, this.#language, () => this.#show(true));
    this.#parts.staff.addEventListener("click", () => this.#turn());
    this.#parts.act.addEventListener("click", () => this.#act());
    window.addEventListener("resize", () => this.#draw());
    setInterval(() => this.#tick(), 1_000);
    setInterval(() => this.#draw(), REDRAW_EVERY);
    this.#show(this.#door.known);
  }

  // Names are shown to whoever asks for them and may see them; a second press takes them, and the key, away.
  #turn() {
    if (!this.#staff) return this.#show(true);
    this.#door.forget();
    this.#show(false);
  }

  #show(staff) {
    this.#refresh?.stop();
    this.#stream?.stop();
    this.#staff = staff;
    this.#following = false;
    this.#recent = [];
    this.#missing = false;
    const { ward, hospital } = this.dataset;
    const path = `/api/v1/wards/${encodeURIComponent(ward)}/${staff ? "beds/" : `board/?${new URLSearchParams({ hospital })}`}`;
    const asked = { headers: () => this.#headers(), refused: (status) => this.#refuse(status) };
    const take = (view, outdated) => this.#take(view, outdated);
    this.#refresh = new Refresh(path, REFRESH_PAUSE, take, () => this.#lose(), staff ? asked : {});
    this.#refresh.want();
    if (!staff) this.#follow();
    this.#draw();
  }

  #headers() {
    return this.#staff ? this.#door.headers() : {};
  }

  // Who may not see names goes on with the board that anybody may see.
  #refuse(status) {
    this.#show(false);
    this.#door.ask(status);
  }

  #follow() {
    const topics = [`ward:${this.dataset.ward}`, "wards", ...(this.#staff ? ["admissions"] : [])];
    const listener = {
      snapshot: (view) => this.#snapshot(view),
      messages: (messages) => this.#apply(messages),
      heard: (frame) => frame.time && this.#setClock(Date.parse(frame.time)),
      stale: (yes) => this.#setStale(yes),
    };
    const staff = this.#staff;
    const open = (address) => new KeyedSource(address, this.#headers(), () => this.#refresh.want());
    this.#following = true;
    this.#stream = new Stream(topics, staff ? "" : this.dataset.hospital, listener, staff ? open : undefined);
    this.#stream.start();
  }

  // The snapshot is the public board's; with names, the view is asked for.
  #snapshot(view) {
    if (!view.rooms) return;
    if (this.#staff) return this.#refresh.want();
    this.#take(view, false);
    this.#refresh.overtaken();
  }

  // `outdated`: messages came while the view was on its way. What they say is said again on top of it.
  #take(view, outdated) {
    this.#missing = false;
    this.#ward = new Ward(view);
    if (outdated) for (const message of this.#recent) this.#ward.apply(message);
    else this.#recent = [];
    if (!this.#following) this.#follow(); // of the staff only once it is known that the key is good
    this.#draw();
  }

  #apply(messages) {
    this.#recent.push(...messages);
    if (this.#ward) for (const message of messages) this.#ward.apply(message);
    this.#refresh.want();
    this.#frame ||= requestAnimationFrame(() => this.#draw()); // once a frame, however much happens
  }

  #lose() {
    this.#missing = this.#ward === null;
    const asked = this.#refresh;
    setTimeout(() => asked.want(), LOOK_AGAIN);
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
    else this.#tick();
  }

  #now() {
    return Date.now() + this.#drift;
  }

  #tick() {
    put(this.#parts.clock, this.#language.time(new Date(this.#now())), this.#language);
  }

  #choose(id) {
    this.#chosen = id;
    this.#failed = false;
    this.#draw();
  }

  // What the staff say of the chosen bed; what comes of it is told by the stream, to everybody.
  async #act() {
    const bed = this.#ward.beds.find((other) => other.id === this.#chosen);
    const { step } = DONE[bed?.state] ?? {};
    if (!step) return;
    this.#parts.act.disabled = true;
    const path = `/api/v1/beds/${encodeURIComponent(bed.id)}/${step}/`;
    const headers = await this.#door.writing();
    const answer = await fetch(path, { method: "POST", headers, body: "{}" }).catch(() => null);
    this.#parts.act.disabled = false;
    this.#failed = !answer?.ok;
    this.#refresh.want();
    this.#draw();
    this.querySelector(`[data-key="${CSS.escape(bed.id)}"]`)?.focus();
  }

  #draw() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    translate(this, this.#language);
    this.#drawNotices();
    this.dataset.state = this.#missing ? "missing" : this.#ward ? "on" : "loading";
    this.toggleAttribute("data-staff", this.#staff);
    const language = this.#language;
    put(this.#parts["staff-word"], this.#staff ? language.say("hide_names") : language.say("show_names"), language);
    if (!this.#ward || this.#missing) return;
    const now = this.#now();
    this.#parts.name.textContent = this.#ward.name;
    document.title = `${this.#ward.name} · ${this.#language.say("beds")}`;
    this.#drawCounts();
    this.#drawWaiting(now);
    this.#beds.draw(this.#ward, this.#speech, this.#language, now, this.#chosen);
    this.#beds.fit(this.#ward, this.#staff);
    this.#drawDetails(now);
    this.#tick();
  }

  #drawNotices() {
    const language = this.#language;
    const since = this.#staleSince && language.time(new Date(this.#staleSince));
    put(this.#parts.stale, since ? language.say("page_stale", { time: since }) : "", language);
    const said = [];
    if (this.#missing) said.push(language.say("no_ward"), language.say("no_clinic_hint"));
    else if (this.#ward && this.#ward.beds.length === 0) said.push(language.say("no_beds"));
    if (this.#failed) said.push(language.say("not_done"));
    put(this.#parts.notice, said.join(" "), language);
  }

  #drawCounts() {
    keyed(this.#parts.counts, this.#parts.count, this.#ward.counts, ({ state }) => state, (item, { state, count }) => {
      item.dataset.state = state;
      put(item.querySelector(".what"), this.#speech.state(state), this.#language);
      item.querySelector(".number").textContent = String(count);
    });
  }

  #drawWaiting(now) {
    const { waiting, waitingCount: count } = this.#ward;
    const { unplaced, more } = this.#parts;
    const shown = waiting.slice(0, window.matchMedia(NARROW).matches ? WAITING_ABOVE : WAITING_SHOWN);
    const language = this.#language;
    put(unplaced, count ? language.say("patients_wait", { count }) : language.say("nobody_waits"), language);
    const items = keyed(this.#parts["waiting-list"], this.#parts.waiter, shown, ({ key }) => key, (item, waiter) => {
      item.dataset.acuity = waiter.acuity;
      put(item.querySelector(".acuity"), this.#speech.acuity(waiter.acuity), this.#language);
      put(item.querySelector(".lasted"), this.#speech.lasted(waiter.since, now), this.#language);
      put(item.querySelector(".reason"), this.#speech.reason(waiter), this.#language);
      item.querySelector(".who").textContent = waiter.patient_name ?? "";
      item.hidden = false;
    });
    this.#trim(items, count);
  }

  // Nobody is shown by half: who does not fit is counted.
  #trim(items, count) {
    const { more } = this.#parts;
    const column = more.parentElement;
    for (let left = items.length; left > 0; left -= 1) {
      more.hidden = left === count;
      more.textContent = `+${count - left}`;
      if (left === 1 || column.scrollHeight <= column.clientHeight + 1) return;
      items[left - 1].hidden = true;
    }
    more.hidden = true;
  }

  #drawDetails(now) {
    const { details, act } = this.#parts;
    const room = this.#ward.rooms.find((other) => other.beds.some((bed) => bed.id === this.#chosen));
    const bed = room?.beds.find((other) => other.id === this.#chosen);
    const text = bed ? this.#speech.details(bed, room.room, now, this.#ward.overdue(bed, now)) : "";
    put(details, text, this.#language);
    const done = this.#staff ? DONE[bed?.state] : null;
    act.hidden = !done;
    if (done) put(act, done.said(this.#language), this.#language);
  }
}

customElements.define("ward-board", WardBoard);
