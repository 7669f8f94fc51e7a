// The audit explorer: a day of the log under a slider, what a slot, a queue or a room was at that moment, and why.
// For auditors alone; nobody has a name here.

import { AuditClock, AuditDay } from "./audit_day.js";
import { AuditLists } from "./audit_lists.js";
import { AuditPlayer } from "./audit_player.js";
import { AuditSource, Outdated, Refused } from "./audit_source.js";
import { AuditView } from "./audit_view.js";
import { AuditWhy } from "./audit_why.js";
import { StaffDoor } from "./staff_door.js";
import { languagesOf, put, translate } from "./words.js";

const FOLLOW_EVERY = 4_000; // ms between two looks at the end of a day that is not over
const LISTED = 500; // entries about one thing that are listed
const KINDS = ["slot", "service", "room"];

class AuditExplorer extends HTMLElement {
  #parts = {};
  #language;
  #clock;
  #door;
  #source;
  #view;
  #why;
  #player;
  #days = [];
  #day = null;
  #at = 0; // ms
  #exact = null; // the position that is meant, where one is
  #chosen = null; // {kind, id}
  #lists = null; // null: not known yet; "none": there was no such thing
  #changed = new Set();
  #counts = new Map();
  #picked = []; // ids of the rows that were clicked on, two at most
  #decision = null;
  #happened = []; // the day's entries about what is looked at
  #story = null; // {patient, entries}: all entries about a patient instead
  #share = null; // of the log that has been read; null: it answers
  #wanted = false;
  #asking = false;
  #url = 0; // timer

  connectedCallback() {
    for (const part of this.querySelectorAll("[data-part]")) this.#parts[part.dataset.part] = part;
    this.#language = languagesOf(this.dataset.words)[0];
    translate(this, this.#language);
    this.#clock = new AuditClock(this.#language.code, "UTC");
    this.#door = new StaffDoor(this.#parts.door, this.#language, () => this.#enter());
    this.#source = new AuditSource(() => this.#door.headers(), (share) => this.#tell(share));
    this.#view = new AuditView(this.#parts, this.#language);
    this.#why = new AuditWhy(this.#parts, this.#language);
    this.#player = new AuditPlayer(this.#parts, this.#language, {
      day: () => this.#day,
      at: () => this.#at,
      go: (at, exact) => this.#go(at, exact),
      beside: (way) => this.#beside(way),
    });
    this.#listen();
    setInterval(() => this.#follow(), FOLLOW_EVERY);
    this.#enter();
  }

  #listen() {
    const { enter, out, days, earlier, later, entries } = this.#parts;
    enter.addEventListener("click", () => this.#door.ask());
    out.addEventListener("click", () => this.#leave());
    days.addEventListener("change", () => this.#open(days.value));
    earlier.addEventListener("click", () => this.#turn(1));
    later.addEventListener("click", () => this.#turn(-1));
    this.querySelector(".things").addEventListener("click", (event) => {
      const { kind, id } = event.target.closest("button")?.dataset ?? {};
      if (kind) this.#choose({ kind, id });
    });
    this.#parts.lists.addEventListener("click", (event) => this.#pick(event.target.closest("button")?.dataset.row));
    entries.addEventListener("click", (event) => this.#jump(Number(event.target.closest("button")?.dataset.position)));
    this.#parts["entry-patients"].addEventListener("click", (event) => this.#tellOf(event.target.closest("button")?.dataset.patient));
  }

  // Whoever may not see this is asked for a key; where none is needed it begins at once.
  async #enter() {
    await this.#quietly(async () => {
      const found = await this.#source.ask("days", "days");
      this.#days = found?.items ?? [];
      this.#parts.days.replaceChildren(...this.#days.map(({ date }) => new Option(this.#clock.date(date), date)));
      const asked = new URLSearchParams(location.search);
      const wanted = asked.get("date");
      const there = this.#days.some(({ date }) => date === wanted);
      this.dataset.state = this.#days.length ? "on" : "empty";
      this.#draw();
      if (this.#days.length) await this.#open(there ? wanted : this.#days[0].date, asked);
    });
  }

  #leave() {
    this.#door.forget();
    this.#end();
    this.#parts.enter.focus();
  }

  #end() {
    this.#source.stop();
    this.#player.stop();
    this.#day = null;
    this.#lists = null;
    this.#decision = null;
    this.#happened = [];
    this.#story = null;
    this.#picked = [];
    const { lists, entries, slots, services, rooms, entry } = this.#parts;
    for (const list of [lists, entries, slots, services, rooms]) list.replaceChildren();
    entry.hidden = true;
    this.dataset.state = "out";
    this.#draw();
  }

  async #quietly(work) {
    try {
      await work();
    } catch (error) {
      if (error instanceof Refused) {
        this.#end();
        this.#door.ask(error.status);
      } else if (!(error instanceof Outdated)) throw error;
    }
  }

  #turn(way) {
    const place = this.#days.findIndex(({ date }) => date === this.#day?.date) + way;
    if (this.#days[place]) this.#open(this.#days[place].date);
  }

  // A day from its end, unless an address names a moment; what was looked at stays where the day has it too.
  async #open(date, asked = null) {
    await this.#quietly(async () => {
      this.#player.stop();
      this.#parts.days.value = date;
      const view = await this.#source.ask("day", "day", { date });
      if (!view) return;
      this.#day = new AuditDay(view);
      this.#clock = new AuditClock(this.#language.code, this.#day.zone);
      this.#story = null;
      const named = Math.ceil(instant(asked?.get("at") ?? ""));
      this.#at = this.#day.clamp(Number.isNaN(named) ? this.#day.end : named);
      this.#exact = null;
      this.#player.live = this.#day.live && Number.isNaN(named);
      const things = this.#day.things(this.#clock);
      const kind = KINDS.find((one) => asked?.get(one));
      const kept = kind ? { kind, id: asked.get(kind) } : this.#chosen;
      const busiest = [...things.slot, ...things.service].sort((a, b) => b.entries - a.entries)[0] ?? things.room[0];
      const known = kept && things[kept.kind].some(({ id }) => id === kept.id);
      this.#choose(known ? kept : busiest ? { kind: busiest.kind, id: busiest.id } : null);
      const entry = Number(asked?.get("entry"));
      if (entry) await this.#explain(entry);
    });
  }

  // A day that is not over grows: look at its end, and go along when that is where we are.
  async #follow() {
    if (!this.#day?.live || document.hidden || this.dataset.state !== "on") return;
    await this.#quietly(async () => {
      const view = await this.#source.ask("day", "day", { date: this.#day.date });
      if (!view || view.date !== this.#day?.date || view.last === this.#day.view.last) return;
      this.#day = new AuditDay(view);
      if (this.#player.live) this.#go(this.#day.end, null, true);
      await this.#gather();
      this.#draw();
    });
  }

  #choose(chosen) {
    this.#chosen = chosen;
    this.#lists = null;
    this.#changed = new Set();
    this.#picked = [];
    this.#story = null;
    this.#happened = [];
    this.#draw();
    this.#want();
    this.#quietly(() => this.#gather());
  }

  // The day's entries about what is looked at.
  async #gather() {
    const chosen = this.#chosen;
    if (!chosen || this.#day.empty) return;
    const { first, last } = this.#day.view;
    const about = chosen.kind === "room" ? { about: chosen.id } : { actor: `${chosen.kind}:${chosen.id}` };
    const items = [];
    for (let cursor = null; ; ) {
      const page = await this.#source.ask("entries", "entries", { from: first, to: last, limit: LISTED, cursor, ...about });
      items.push(...(page?.items ?? []));
      cursor = page?.next_cursor;
      if (!cursor || items.length >= LISTED) break;
    }
    if (chosen !== this.#chosen) return;
    this.#happened = items.map(timed);
    this.#draw();
  }

  // To an instant, or to just after an entry. Whoever moves by hand stops following the end.
  #go(at, exact = null, following = false) {
    if (!this.#day) return;
    this.#at = this.#day.clamp(at);
    this.#exact = exact;
    if (!following) this.#player.live = this.#day.live && this.#at === this.#day.end;
    this.#drawMoment();
    this.#want();
  }

  // The entry about what is looked at that comes next, or came before.
  #beside(way) {
    const here = this.#exact ?? Infinity;
    const passed = ({ time, position }) => (this.#exact ? position <= here : time <= this.#at);
    const done = this.#happened.filter(passed);
    const there = this.#exact || (done.length > 0 && Math.ceil(done.at(-1).time) === this.#at);
    const entry = way > 0 ? this.#happened[done.length] : done.at(there ? -2 : -1);
    if (entry) this.#jump(entry.position);
  }

  #jump(position) {
    if (!position) return;
    const entry = [...this.#happened, ...(this.#story?.entries ?? [])].find((one) => one.position === position);
    if (entry && entry.time >= this.#day.start - 1 && entry.time <= this.#day.end) this.#go(Math.ceil(entry.time), position);
    this.#quietly(() => this.#explain(position));
  }

  // One question at a time: what is wanted meanwhile is asked when the answer is here, and only the last of it.
  async #want() {
    this.#wanted = true;
    if (this.#asking) return;
    this.#asking = true;
    try {
      await this.#quietly(async () => {
        while (this.#wanted && this.#chosen && this.#day) {
          this.#wanted = false;
          const { kind, id } = this.#chosen;
          const at = this.#exact ?? new Date(this.#at).toISOString();
          const state = await this.#source.ask("state", "state", { at, [kind]: id, counts: true });
          if (this.#chosen?.id === id) this.#take(state);
        }
      });
    } finally {
      this.#asking = false;
    }
  }

  #take(state) {
    const lists = state && new AuditLists(state, this.#clock);
    if (lists && this.#lists?.position !== lists.position) this.#changed = lists.changedSince(this.#lists === "none" ? null : this.#lists);
    if (state) this.#counts = new Map(state.counts.map((count) => [count.id, count]));
    this.#lists = lists ?? "none";
    this.#draw();
  }

  // A row is explained by its last entry; two of them by what puts one before the other.
  #pick(id) {
    if (!id) return;
    if (this.#picked.includes(id)) this.#picked = this.#picked.filter((other) => other !== id);
    else this.#picked = this.#picked.length === 2 ? [id] : [...this.#picked, id];
    this.#draw();
    const row = this.#lists.rows.get(id);
    if (this.#picked.includes(id) && row.changed) this.#quietly(() => this.#explain(row.changed));
  }

  async #explain(position) {
    this.#decision = await this.#source.ask("entry", `entries/${position}`);
    this.#draw();
  }

  // Everything in the log that names a patient.
  async #tellOf(patient) {
    if (!patient) return;
    await this.#quietly(async () => {
      const entries = [];
      for (let cursor = null; ; ) {
        const page = await this.#source.ask("history", `patients/${patient}/history`, { limit: LISTED, cursor });
        entries.push(...(page?.items ?? []));
        cursor = page?.next_cursor;
        if (!cursor || entries.length >= LISTED) break;
      }
      this.#story = { patient, entries: entries.map(timed) };
      this.#draw();
      this.#parts.happened.scrollIntoView({ block: "nearest" });
    });
  }

  #tell(share) {
    if (Object.is(share, this.#share)) return;
    this.#share = share;
    this.#drawNotice();
  }

  #draw() {
    this.#drawNotice();
    this.#drawMoment();
    const language = this.#language;
    const day = this.#day;
    put(this.#parts.size, day ? language.say("audit_entries", { count: day.entries }) : "", language);
    if (!day) return;
    const things = day.things(this.#clock);
    this.#view.drawThings(things, this.#chosen, this.#counts);
    const thing = this.#chosen && things[this.#chosen.kind].find(({ id }) => id === this.#chosen.id);
    this.#parts.title.textContent = [thing?.name, thing?.about].filter(Boolean).join(" · ");
    const there = this.#lists && this.#lists !== "none";
    const nothing = !thing ? language.say("audit_choose") : this.#lists === "none" ? language.say("audit_not_yet") : "";
    put(this.#parts.nothing, nothing, language);
    this.#parts.lists.hidden = !there;
    this.#parts.facts.hidden = !there;
    if (there) this.#view.drawLists(this.#lists, this.#changed, this.#picked);
    this.#why.drawEntry(this.#decision, this.#clock);
    const [one, other] = this.#picked;
    this.#why.drawCompared(there && other ? this.#lists.compared(one, other) : null, this.#clock);
    const story = this.#story;
    const title = story ? language.say("audit_history", { name: `…${story.patient.slice(-8)}` }) : language.say("audit_happened");
    this.#why.drawHappened(title, story ? story.entries : this.#happened, this.#current(), this.#clock);
  }

  // The position of the last entry up to the moment.
  #current() {
    if (this.#exact) return this.#exact;
    const entries = this.#story ? this.#story.entries : this.#happened;
    return entries.findLast(({ time }) => time <= this.#at)?.position ?? 0;
  }

  #drawMoment() {
    this.#player.draw(this.#clock, this.#happened);
    clearTimeout(this.#url);
    if (this.#day) this.#url = setTimeout(() => this.#address(), 300);
  }

  // What is shown can be sent to somebody.
  #address() {
    if (!this.#day) return;
    const named = new URLSearchParams(location.search);
    for (const name of ["date", "at", "entry", ...KINDS]) named.delete(name);
    named.set("date", this.#day.date);
    if (!this.#player.live) named.set("at", new Date(this.#at).toISOString());
    if (this.#chosen) named.set(this.#chosen.kind, this.#chosen.id);
    if (this.#decision) named.set("entry", String(this.#decision.entry.position));
    history.replaceState(null, "", `?${named}`);
  }

  #drawNotice() {
    const language = this.#language;
    const share = this.#share;
    let said = "";
    if (share !== null) said = Number.isNaN(share) ? language.say("audit_failed") : language.say("audit_reading", { share: Math.floor(share * 100) });
    else if (this.dataset.state === "empty") said = language.say("audit_no_days");
    else if (this.dataset.state === "loading") said = language.say("audit_loading");
    else if (this.#day?.empty) said = language.say("audit_no_entries");
    put(this.#parts.notice, said, language);
  }
}

// An instant in ms, fractions of one included; NaN for what is none.
function instant(text) {
  const [whole, fraction = "0"] = text.replace("Z", "").split(".");
  return Date.parse(`${whole}Z`) + Number(`0.${fraction}`) * 1_000;
}

function timed(entry) {
  return { ...entry, time: instant(entry.time) };
}

customElements.define("audit-explorer", AuditExplorer);
