// Find a patient, or register one; beside it the patient who was chosen. The address names whom.

import { el, fill, sheet } from "../dom.js";
import { List } from "../list.js";
import { button, empty, failure, heading } from "../parts.js";
import { apart, candidates, meant } from "./find.js";

const FOUND = 2; // texts of a row beside the name: the rest is in the panel

export const patients = {
  async open(app, host, params) {
    await sheet("/static/console/desk/desk.css");
    const view = new Patients(app, !params.id);
    fill(host, view.element);
    if (params.id) await view.show(params.id);
    return () => view.close();
  },
};

class Patients {
  #app;
  #input;
  #told = el("p", { class: "hint", role: "status" });
  #list;
  #found = el("div", {});
  #panel = el("div", {});
  #shown = null;
  #turn = 0;

  // `begin`: with the search; else with the patient whom the address names.
  constructor(app, begin) {
    this.#app = app;
    this.#input = el("input", {
      type: "search", id: "find-patient", autocomplete: "off", spellcheck: "false", maxlength: 200, dataset: { key: "/" },
      "aria-describedby": "find-hint", autofocus: begin, "aria-label": app.say("find_patient"),
    });
    this.#list = new List({
      label: app.say("candidates"),
      row: (one) => this.#row(one),
      onOpen: (one) => this.#go(one.id),
    });
    this.#list.box.addEventListener("click", () => this.#list.chosen && this.#go(this.#list.chosen.id));
    const form = el(
      "form",
      { class: "form", role: "search", onSubmit: (event) => (event.preventDefault(), this.#find()) },
      el("label", { for: "find-patient" }, app.say("find_patient"), " ", el("kbd", {}, "/")),
      this.#input,
      el("p", { class: "hint", id: "find-hint" }, app.say("find_hint")),
      el("p", { class: "choice" }, el("button", { type: "submit", class: "main" }, app.say("find")), this.#register()),
    );
    this.element = el(
      "div",
      {},
      heading(app.say("patients")),
      el("div", { class: "columns" }, el("div", { class: "panel" }, form, this.#told, this.#found), this.#panel),
    );
    fill(this.#panel, empty(app.say("nobody_chosen")));
  }

  begin() {
    this.#input.focus();
  }

  async show(id) {
    const { Patient } = await import("./patient.js");
    this.#shown?.close();
    this.#shown = new Patient(this.#app, id);
    fill(this.#panel, this.#shown.element);
    await this.#shown.load();
  }

  close() {
    this.#shown?.close();
  }

  #register() {
    return button(this.#app, "register_patient", () => this.#new(), { key: "n" });
  }

  async #new() {
    const sought = meant(this.#input.value) ?? {};
    const { register } = await import("./register.js");
    const patient = await register(this.#app, sought);
    if (patient) await this.#go(patient.id);
  }

  // The address changes, the list of candidates stays.
  async #go(id) {
    history.pushState(null, "", `/console/desk/patients/${id}`);
    try {
      await this.show(id);
      this.#shown.focus();
    } catch (error) {
      fill(this.#panel, failure(this.#app, error, () => this.#go(id)));
    }
  }

  async #find() {
    const app = this.#app;
    const sought = meant(this.#input.value);
    if (!sought) return this.begin();
    const turn = (this.#turn += 1);
    fill(this.#told, app.say("loading"));
    let found;
    try {
      found = await candidates(app, sought);
    } catch (error) {
      if (turn !== this.#turn) return;
      fill(this.#told);
      if (error.status !== 404) return fill(this.#found, failure(app, error, () => this.#find()));
      found = { patients: [], sure: false, more: false };
    }
    if (turn !== this.#turn) return;
    const count = found.patients.length;
    fill(this.#told, count ? app.say("candidates_found", { count }) : app.say("nobody_found"), found.more && ` ${app.say("narrow_down")}`);
    if (found.sure) return this.#go(found.patients[0].id);
    this.#list.set(found.patients);
    fill(this.#found, count > 0 && this.#list.element);
    if (!count) return;
    this.#list.choose(found.patients[0].id, { show: true });
    this.#list.focus();
  }

  #row(one) {
    const [first, ...rest] = apart(this.#app, one);
    return [
      el("bdi", { class: "grow" }, el("strong", {}, one.name)),
      el("span", { class: "faint" }, [first, ...rest.slice(0, FOUND - 1)].join(" · ")),
    ];
  }
}
