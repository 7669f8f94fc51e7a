// A doctor's day at the desk: the slots, how full they are, and who is expected, in order; check-in for who arrives.

import { doctors } from "../directory.js";
import { el, fill, freshId, sheet } from "../dom.js";
import { List } from "../list.js";
import { button, chip, empty, failure, heading, table } from "../parts.js";
import { steps } from "./steps.js";

const KEPT = "matron-desk-doctor";
const SOON = 300; // ms: a burst of changes is one question
const STATES = { BOOKED: "wait", ARRIVED: "good", CALLED: "warn", IN_CONSULT: "warn", COMPLETED: "quiet", CANCELLED: "quiet", NO_SHOW: "bad" };

export const day = {
  async open(app, host, params) {
    await sheet("/static/console/desk/desk.css");
    const view = new Day(app, params.id);
    fill(host, view.element);
    await view.open();
    return () => view.close();
  },
};

class Day {
  #app;
  #doctor;
  #date;
  #slots = el("div", { class: "slot-tabs", role: "group" });
  #counts = el("p", { class: "hint", role: "status" });
  #list;
  #chosen = el("div", { class: "panel" });
  #slot = "";
  #found = [];
  #stop = () => {};
  #timer = 0;
  #turn = 0;
  #looked = 0; // of questions for slots
  #asked = 0; // of questions for tokens
  #body;

  constructor(app, date) {
    this.#app = app;
    this.#doctor = el("select", { id: freshId("doctor"), onChange: () => this.#load() });
    this.#date = el("input", { type: "date", id: freshId("date"), value: /^\d{4}-\d{2}-\d{2}$/.test(date) ? date : app.time.today(), onChange: () => this.#load() });
    this.#list = new List({ label: app.say("tokens"), row: (one) => this.#row(one), onChoose: () => this.#show(), onOpen: () => this.#chosen.querySelector("button")?.focus(), empty: app.say("no_tokens") });
    this.#slots.setAttribute("aria-label", app.say("slot"));
    this.#body = el("div", { class: "columns" }, el("div", { class: "stack" }, this.#slots, this.#counts, this.#list.element), this.#chosen);
    const print = button(app, "print", (at) => this.#print(at), { key: "p" });
    this.element = el("div", {}, heading(app.say("day"), this.#field("doctor", this.#doctor), this.#field("date", this.#date), print), this.#body);
  }

  async open() {
    const app = this.#app;
    const known = (await doctors(app)).filter((one) => !one.retired);
    if (!known.length) return fill(this.#body, empty(app.say("no_doctors")));
    const kept = localStorage.getItem(KEPT);
    fill(this.#doctor, known.map((one) => el("option", { value: one.id, selected: one.id === kept }, `${one.name} · ${one.specialization}`)));
    await this.#load();
  }

  close() {
    this.#stop();
    clearTimeout(this.#timer);
    this.#turn += 1;
  }

  #field(word, input) {
    return el("div", { class: "field inline" }, el("label", { for: input.id }, this.#app.say(word)), input);
  }

  async #load() {
    const app = this.#app;
    const turn = (this.#turn += 1);
    localStorage.setItem(KEPT, this.#doctor.value);
    try {
      const found = await app.all("/slots/", { doctor_id: this.#doctor.value, date: this.#date.value });
      if (turn !== this.#turn) return;
      this.#found = found;
      if (!found.some((one) => one.id === this.#slot)) this.#slot = (found.find((one) => Date.parse(one.end_time) > Date.now()) ?? found[0])?.id ?? "";
      this.#tabs();
      await this.#tokens(turn);
    } catch (error) {
      if (turn === this.#turn) fill(this.#counts, failure(app, error, () => this.#load()));
      return;
    }
    this.#stop();
    const topics = this.#found.slice(0, 50).map((one) => `slot:${one.id}`);
    let first = topics.length;
    this.#stop = topics.length ? app.follow(topics, { snapshot: () => (first > 0 ? (first -= 1) : this.#soon()), messages: () => this.#soon() }) : () => {};
  }

  #soon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#again(), SOON);
  }

  async #again() {
    const turn = this.#turn;
    const looked = (this.#looked += 1);
    try {
      const found = await this.#app.all("/slots/", { doctor_id: this.#doctor.value, date: this.#date.value });
      if (turn !== this.#turn || looked !== this.#looked) return;
      this.#found = found;
      this.#tabs();
      await this.#tokens(turn);
    } catch {
      if (turn === this.#turn) this.#soon(); // the banner says that there is no connection
    }
  }

  #tabs() {
    const app = this.#app;
    const had = this.#slots.contains(document.activeElement) ? document.activeElement.dataset.slot : null;
    fill(
      this.#slots,
      this.#found.map((one) =>
        el(
          "button",
          { type: "button", "aria-pressed": String(one.id === this.#slot), dataset: { slot: one.id }, onClick: () => this.#choose(one.id) },
          el("strong", {}, app.time.range(one.start_time, one.end_time)),
          el("span", {}, app.say("slot_taken", { taken: one.current_capacity, capacity: one.max_capacity })),
          one.delay_minutes > 0 && el("span", {}, app.say("late_by", { count: one.delay_minutes })),
          one.status !== "ACTIVE" && one.status !== "DELAYED" && el("span", {}, app.say(`slot_${one.status}`)),
        ),
      ),
    );
    if (had) this.#slots.querySelector(`[data-slot="${had}"]`)?.focus();
    if (!this.#found.length) fill(this.#slots, el("p", { class: "empty" }, app.say("no_slots")));
  }

  #choose(id) {
    this.#slot = id;
    this.#tabs();
    this.#tokens(this.#turn);
  }

  async #tokens(turn) {
    const app = this.#app;
    const asked = (this.#asked += 1);
    const slot = this.#found.find((one) => one.id === this.#slot);
    const tokens = slot ? await app.all(`/slots/${slot.id}/tokens/`) : [];
    if (turn !== this.#turn || asked !== this.#asked) return;
    fill(this.#counts, slot && app.say("slot_counts", { count: tokens.filter((one) => one.status === "CONFIRMED").length, waiting: slot.waiting_count, free: slot.free_seats }));
    this.#list.set(tokens);
    if (!this.#list.chosen && tokens.length) this.#list.choose(tokens[0].id);
    this.#show();
  }

  // The whole day on paper, with names: what a desk goes on with when nothing else works.
  async #print(at) {
    const app = this.#app;
    const made = await app.act(() => dayList(app, this.#found), { at });
    if (!made) return;
    const doctor = this.#doctor.selectedOptions[0].textContent;
    const title = el("h2", {}, `${app.place.name ?? ""} · ${doctor} · ${app.time.date(this.#date.value)}`);
    const paper = el("section", { class: "paper day-list" }, title, made.length ? made : el("p", {}, app.say("no_tokens")));
    document.body.append(paper);
    window.print();
    paper.remove();
  }

  #row(one) {
    const app = this.#app;
    const state = one.status === "CONFIRMED" ? one.phase : one.status;
    return [
      el("span", { class: "place-number" }, one.token_number ?? ""),
      el("strong", { class: "code" }, one.ticket_code),
      chip(STATES[state], app.say(`state_${state}`)),
      el("span", { class: "grow faint" }, app.say(`category_${one.category}`)),
      one.estimated_time && el("span", { class: "faint" }, app.time.clock(one.estimated_time)),
    ];
  }

  #show() {
    const app = this.#app;
    const one = this.#list.chosen;
    if (!one) return fill(this.#chosen, empty(app.say("nothing_chosen")));
    const had = this.#chosen.contains(document.activeElement);
    const state = one.status === "CONFIRMED" ? one.phase : one.status;
    fill(
      this.#chosen,
      el("h2", {}, el("span", { class: "code" }, one.ticket_code), " ", chip(STATES[state], app.say(`state_${state}`))),
      el("p", {}, app.link(app.say("open_patient"), "desk", "patients", one.patient_id)),
      el("p", { class: "choice" }, steps(app, one, () => this.#again())),
    );
    if (had) this.#chosen.querySelector("button")?.focus();
  }
}

const AT_ONCE = 8; // questions on their way together

// A table for each slot; each name is asked for, as for everybody who looks at a record.
async function dayList(app, slots) {
  const lists = await Promise.all(slots.map((slot) => app.all(`/slots/${slot.id}/tokens/`, { status: "CONFIRMED" })));
  const left = [...new Set(lists.flat().map((token) => token.patient_id))];
  const people = new Map();
  const ask = async () => {
    for (let id = left.pop(); id; id = left.pop()) people.set(id, await app.get(`/patients/${id}/`));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, ask));
  const heads = ["ticket", "name", "birth_date", "phone", "category", "turn"].map((word) => app.say(word));
  return slots.flatMap((slot, place) => {
    if (!lists[place].length) return [];
    const rows = lists[place].map((token) => {
      const who = people.get(token.patient_id);
      const born = who.dob && app.time.date(who.dob);
      return [token.ticket_code, el("bdi", {}, who.name), born, who.phone, app.say(`category_${token.category}`), app.time.clock(token.estimated_time)];
    });
    const when = app.time.range(slot.start_time, slot.end_time);
    return [el("h3", {}, when), table(when, heads, rows)];
  });
}
