// One patient at the desk: who it is, what is booked, and what can be done next.

import { dialog } from "../dialog.js";
import { doctorNames, services } from "../directory.js";
import { el, fill } from "../dom.js";
import { Form } from "../form.js";
import { button, chip, facts } from "../parts.js";
import { book } from "./booking.js";
import { fields } from "./register.js";
import { steps, waitingSteps } from "./steps.js";

const OPEN = new Set(["CONFIRMED", "WAITING", "OFFERED"]);
const KINDS = { BOOKED: "wait", ARRIVED: "good", CALLED: "warn", IN_CONSULT: "warn", COMPLETED: "quiet", CANCELLED: "quiet", NO_SHOW: "bad" };
const SHOWN = 20; // visits: the latest

export class Patient {
  element = el("section", { class: "panel", "aria-label": "" });
  #app;
  #id;
  #patient = null;
  #visits = el("div", { class: "visits" });
  #stop = () => {};
  #closed = false;
  #turn = 0;
  #about = ""; // the visit that the focus goes to, whichever question is answered first
  #slots = "";

  constructor(app, id) {
    this.#app = app;
    this.#id = id;
  }

  focus() {
    this.element.querySelector("h2")?.focus();
  }

  close() {
    this.#closed = true;
    this.#stop();
  }

  async load() {
    const app = this.#app;
    this.#patient = await app.get(`/patients/${this.#id}/`);
    const one = this.#patient;
    this.element.setAttribute("aria-label", one.name);
    const usable = !one.retired && !one.erased && !one.merged_into;
    const actions = usable && [
      button(app, "book_token", () => this.#book("WALKIN"), { key: "b", kind: "main" }),
      button(app, "emergency", () => this.#book("EMERGENCY"), { key: "e", kind: "danger" }),
      button(app, "join_queue", () => this.#join(), { key: "j" }),
      button(app, "edit_patient", () => this.#edit(), { key: "i" }),
    ];
    const into = one.merged_into && el("p", {}, app.say("merged"), " ", app.link(app.say("open_it"), "desk", "patients", one.merged_into));
    fill(
      this.element,
      el("h2", { tabindex: -1, autofocus: true }, el("bdi", {}, one.name)),
      into,
      facts([
        [app.say("birth_date"), one.dob && app.time.date(one.dob)],
        [app.say("gender"), one.gender && el("bdi", {}, one.gender)],
        [app.say("phone"), one.phone && el("bdi", {}, one.phone)],
        [app.say("email"), one.email && el("bdi", {}, one.email)],
        [app.say("id"), el("bdi", { title: one.id }, `…${one.id.slice(-6)}`)],
      ]),
      actions && el("p", { class: "choice" }, actions),
      el("h3", {}, app.say("visits")),
      this.#visits,
    );
    await this.refresh();
  }

  // The visits as they are now; the focus goes to the first thing that can be done with `about`, where that is named.
  async refresh(about = "") {
    const app = this.#app;
    const turn = (this.#turn += 1);
    this.#about = about || this.#about;
    const asked = { patient_id: this.#id, limit: SHOWN };
    const [tokens, waiting] = await Promise.all([app.get("/tokens/", asked), app.get("/waiting-list/", asked)]);
    const rows = [...tokens.items, ...waiting.items];
    const names = await doctorNames(app, rows.map((row) => row.doctor_id));
    const slots = new Map();
    const open = [...new Set(rows.filter((row) => OPEN.has(row.status)).map((row) => row.slot_id))];
    await Promise.all(open.map(async (id) => slots.set(id, await app.get(`/slots/${id}/`))));
    if (this.#closed || turn !== this.#turn) return;
    const focused = document.activeElement?.closest("[data-visit]")?.dataset.visit;
    const order = (row) => (OPEN.has(row.status) ? 0 : 1);
    rows.sort((one, other) => order(one) - order(other) || (one.created_at < other.created_at ? 1 : -1));
    fill(this.#visits, rows.length ? rows.map((row) => this.#visit(row, names, slots.get(row.slot_id))) : el("p", { class: "empty" }, app.say("no_visits")));
    this.#follow(open);
    const again = this.#about || focused;
    this.#about = "";
    if (again) this.#visits.querySelector(`[data-visit="${again}"] button`)?.focus();
  }

  // What becomes of the visits elsewhere is shown here, too.
  #follow(slots) {
    const wanted = slots.slice(0, 10).map((id) => `slot:${id}`).sort();
    if (this.#slots === String(wanted)) return;
    this.#slots = String(wanted);
    this.#stop();
    this.#stop = () => {};
    if (!wanted.length) return;
    const mine = (list) => list.some((one) => one.patient_id === this.#id || one.type === "slot_update");
    let first = true;
    this.#stop = this.#app.follow(wanted, {
      snapshot: () => first || this.#again(),
      messages: (list) => {
        first = false;
        if (mine(list)) this.#again();
      },
    });
  }

  // Without an answer what is known stays: the banner says that there is no connection.
  #again() {
    this.refresh().catch(() => {});
  }

  #visit(row, names, slot) {
    const app = this.#app;
    const waits = row.status === "WAITING" || row.status === "OFFERED";
    const state = waits ? row.status : row.status === "CONFIRMED" ? row.phase : row.status;
    const when = slot
      ? [app.time.date(slot.start_time), app.time.range(slot.start_time, slot.end_time)].join(", ")
      : app.time.date(row.created_at);
    const after = () => this.refresh(row.id);
    const open = OPEN.has(row.status);
    const choice = waits ? waitingSteps(app, row, after) : steps(app, row, after);
    return el(
      "article",
      { class: open ? "visit" : "visit over", dataset: { visit: row.id } },
      el(
        "p",
        { class: "line" },
        el("strong", { class: "code" }, row.ticket_code ?? "—"),
        chip(waits ? "wait" : KINDS[state], app.say(`state_${state}`)),
        el("bdi", {}, names.get(row.doctor_id) ?? ""),
        el("span", {}, when),
        el("span", { class: "hint" }, app.say(`category_${row.category}`)),
        row.estimated_time && el("span", {}, app.say("expected_at", { time: app.time.clock(row.estimated_time) })),
        row.position && el("span", {}, app.say("place_in_line", { count: row.position })),
      ),
      el("p", { class: "choice" }, choice),
    );
  }

  async #book(category) {
    const made = await book(this.#app, this.#patient, { category });
    if (made) await this.refresh(made.id);
  }

  async #edit() {
    const app = this.#app;
    const one = this.#patient;
    const changed = await dialog(app.say("edit_patient"), (close) => {
      const form = new Form(app, {
        fields: fields(app, one),
        cancel: () => close(),
        act: async (values, how) => {
          const send = (once) => app.send("PUT", `/patients/${one.id}/`, values, { ...once, version: one.version });
          const said = await app.act(send, { ...how, done: () => app.say("saved") });
          if (said) close(true);
        },
      });
      return form.element;
    });
    if (!changed) return;
    await this.load();
    this.focus();
  }

  // In line at a service that needs no booking: the laboratory, the cashier.
  async #join() {
    const app = this.#app;
    const open = (await services(app)).filter((one) => !one.doctor_id && one.status !== "closed");
    await dialog(app.say("join_queue"), (close) => {
      if (!open.length) return el("p", { class: "empty" }, app.say("no_services"));
      const priorities = ["low", "medium", "high"].map((one) => [one, app.say(`priority_${one}`)]);
      const form = new Form(app, {
        fields: [
          { name: "service", word: "service", type: "select", options: open.map((one) => [one.id, one.name]), required: true },
          { name: "priority", word: "priority", type: "select", options: priorities },
        ],
        submit: "join_queue",
        cancel: () => close(),
        act: async ({ service, priority }, how) => {
          const body = { patient_id: this.#id, priority };
          const done = (answer) => app.say("joined", { code: answer.body.code, count: answer.body.position ?? 1 });
          const made = await app.act((once) => app.send("POST", `/services/${service}/tickets/`, body, once), { ...how, done, what: app.say("join_queue") });
          if (!made) return;
          close();
          const { printTicket } = await import("./ticket.js");
          await printTicket(app, { code: made.body.code, link: made.body.link, place: made.body.service_name });
        },
      });
      return form.element;
    });
  }
}
