// The slots of a day: opened by hand, made larger, held back, cancelled. What a cancellation would do is shown before.

import { doctors } from "../directory.js";
import { dialog } from "../dialog.js";
import { el, fill, sheet } from "../dom.js";
import { Form } from "../form.js";
import { button, chip, empty, heading, table } from "../parts.js";
import { address } from "../router.js";

const KINDS = { ACTIVE: "good", DELAYED: "warn", CLOSED: "quiet", CANCELLED: "bad" };
const OPEN = new Set(["ACTIVE", "DELAYED"]);

export default {
  async open(app, host, params) {
    await sheet("/static/console/admin/admin.css");
    const who = await doctors(app);
    if (!who.length) {
      host.append(heading(app.say("slots")), empty(app.say("doctors_first"), app.link(app.say("add_doctor"), "admin", "doctors")));
      return;
    }
    const view = new SlotsView(app, who, params);
    host.append(view.element);
    await view.ask();
  },
};

class SlotsView {
  #app;
  #names;
  #day;
  #doctor;
  #listed = el("div");
  #turn = 0;

  constructor(app, who, params) {
    this.#app = app;
    this.#names = new Map(who.map(({ id, name }) => [id, name]));
    const choices = who.map(({ id, name }) => [id, name]);
    const date = params.query.get("date");
    this.#day = el("input", { type: "date", value: /^\d{4}-\d{2}-\d{2}$/.test(date ?? "") ? date : app.time.today(), "aria-label": app.say("day"), onChange: () => this.ask() });
    this.#doctor = el("select", { "aria-label": app.say("doctor"), onChange: () => this.ask() },
      [["", app.say("all_doctors")], ...choices].map(([value, text]) => el("option", { value, selected: value === params.id }, text)));
    const form = new Form(app, {
      fields: [
        { name: "doctor", word: "doctor", type: "select", required: true, options: choices, value: params.id || undefined },
        { name: "start_time", word: "f_start_time", type: "moment", required: true, value: app.time.instant(`${this.#day.value}T09:00`) },
        { name: "end_time", word: "f_end_time", type: "moment", required: true, value: app.time.instant(`${this.#day.value}T12:00`) },
        { name: "max_capacity", word: "f_max_capacity", type: "number", required: true, min: 1, max: 10_000, value: 20 },
      ],
      submit: "open_slot",
      act: (values, how) => this.#open(values, how),
    });
    this.element = el("div", {}, heading(app.say("slots"), this.#day, this.#doctor),
      el("div", { class: "columns" }, el("section", { class: "panel" }, el("h2", {}, app.say("open_slot")), form.element), el("section", {}, this.#listed)));
  }

  async ask() {
    const app = this.#app;
    const turn = (this.#turn += 1);
    const found = await app.all("/slots/", { date: this.#day.value, doctor_id: this.#doctor.value });
    if (turn !== this.#turn) return; // another day was asked for meanwhile
    history.replaceState(null, "", `${address("admin", "slots", this.#doctor.value)}?date=${this.#day.value}`);
    found.sort((one, other) => one.start_time.localeCompare(other.start_time));
    const cells = (one) => [
      app.time.range(one.start_time, one.end_time),
      el("bdi", {}, this.#names.get(one.doctor_id) ?? app.say("no_such_doctor")),
      app.say("seats_of", { taken: one.current_capacity, all: one.max_capacity }),
      chip(KINDS[one.status], app.say(one.paused && OPEN.has(one.status) ? "paused" : `v_${one.status}`)),
      el("span", { class: "choice" }, this.#steps(one)),
    ];
    const heads = ["time", "doctor", "seats", "status", "actions"].map((word) => app.say(word));
    fill(this.#listed, found.length ? table(app.say("slots"), heads, found.map(cells)) : empty(app.say("no_slots")));
  }

  #steps(one) {
    const app = this.#app;
    if (!OPEN.has(one.status)) return [];
    return [
      button(app, one.paused ? "let_book" : "hold_back", (at) => this.#change(one, { paused: !one.paused }, at)),
      button(app, "resize", () => this.#resize(one)),
      button(app, "cancel_slot", (at) => this.#cancel(one, at), { kind: "danger" }),
    ];
  }

  async #open(values, how) {
    const app = this.#app;
    const answer = await app.act((once) => app.send("POST", "/slots/", values, once), {
      ...how, what: app.say("open_slot"), done: ({ body }) => app.say("slot_opened", { time: app.time.moment(body.start_time) }),
    });
    if (!answer) return;
    this.#day.value = app.time.day(values.start_time);
    await this.ask();
  }

  async #change(one, body, at, form = null) {
    const app = this.#app;
    const answer = await app.act((once) => app.send("PUT", `/slots/${one.id}/`, body, { ...once, version: one.version }), { at, form, what: app.say("slot"), done: () => app.say("slot_changed") });
    if (answer) await this.ask();
    return answer;
  }

  #resize(one) {
    const app = this.#app;
    return dialog(app.say("resize"), (close) => new Form(app, {
      fields: [{ name: "max_capacity", word: "f_max_capacity", type: "number", required: true, min: 1, max: 10_000, value: one.max_capacity }],
      cancel: () => close(),
      act: async (values, { at, form }) => (await this.#change(one, values, at, form)) && close(),
    }).element);
  }

  // First whom it would meet; by a second press it is so.
  async #cancel(one, at) {
    const app = this.#app;
    const path = `/slots/${one.id}/cancel/`;
    const dry = await app.act((once) => app.send("POST", path, { dry_run: true }, { ...once, keep: false }), { at });
    if (!dry) return;
    const sure = await dialog(app.say("cancel_slot"), (close) => el("div", { class: "menu" },
      el("p", {}, app.say("cancel_meets", { count: one.current_capacity + one.waiting_count })),
      el("p", { class: "choice" }, button(app, "cancel_slot", () => close(true), { kind: "main danger" }), button(app, "never_mind", () => close(null)))));
    if (!sure) return;
    const answer = await app.act((once) => app.send("POST", path, {}, { ...once, version: one.version }), { at, what: app.say("cancel_slot"), done: () => app.say("slot_cancelled") });
    if (answer) await this.ask();
  }
}
