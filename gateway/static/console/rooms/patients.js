// Finds one patient for a form, as the desk finds them: whatever is typed only lists who it may be, with what tells them
// apart, and a person chooses. Knows how one is chosen; not what for.

import { apart, candidates, meant } from "../desk/find.js";
import { el, fill, freshId } from "../dom.js";
import { button } from "../parts.js";

const LISTED = 20;
const PAUSE = 250; // ms after the last letter

export class PatientFinder {
  chosen = null;
  #app;
  #found;
  #input;
  #list = el("ul", { class: "room-found" });
  #said = el("p", { class: "hint", role: "status" });
  #fault = el("p", { class: "fault", role: "alert" });
  #search;
  #picked = el("div", { class: "room-picked", hidden: true });
  #timer = 0;
  #turn = 0;

  // `found(patient or null)`: somebody is chosen, or nobody any more.
  constructor(app, found = () => {}) {
    this.#app = app;
    this.#found = found;
    const id = freshId("patient");
    this.#input = el("input", {
      id,
      type: "search",
      autocomplete: "off",
      "aria-describedby": `${id}-hint`,
      dataset: { key: "f" },
      onInput: () => this.#soon(),
      onKeydown: (event) => this.#down(event),
    });
    this.#search = el(
      "div",
      { class: "room-search" },
      el(
        "div",
        { class: "field" },
        el("label", { for: id }, app.say("find_patient")),
        this.#input,
        el("p", { class: "hint", id: `${id}-hint` }, app.say("find_patient_hint")),
      ),
    );
    this.element = el(
      "fieldset",
      { class: "panel room-patient" },
      el("legend", {}, app.say("patient")),
      this.#search,
      this.#picked,
      this.#said,
      this.#list,
      this.#fault,
    );
  }

  focus() {
    (this.chosen ? this.#picked.querySelector("button") : this.#input).focus();
  }

  // Nobody is chosen, and somebody must be.
  missing() {
    fill(this.#fault, this.#app.say("patient_needed"));
    this.focus();
  }

  async choose(id) {
    this.#take(await this.#app.get(`/patients/${id}/`));
  }

  clear() {
    this.chosen = null;
    this.#search.hidden = false;
    this.#picked.hidden = true;
    this.#input.value = "";
    fill(this.#list);
    fill(this.#said);
    this.#found(null);
  }

  #soon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#ask(), PAUSE);
  }

  async #ask() {
    const turn = (this.#turn += 1);
    const text = this.#input.value.trim();
    fill(this.#fault);
    if (text.length < 2) return this.#show([], "");
    try {
      const { patients, more } = await candidates(this.#app, meant(text));
      if (turn !== this.#turn) return;
      const usable = patients.filter((one) => !one.retired && !one.merged_into);
      const said = usable.length ? this.#app.say("patients_found", { count: usable.length }) : this.#app.say("nobody_found");
      this.#show(usable.slice(0, LISTED), more || usable.length > LISTED ? `${said} ${this.#app.say("say_more")}` : said);
    } catch (error) {
      if (turn === this.#turn) this.#show([], error.status === 404 ? this.#app.say("nobody_found") : this.#app.why(error));
    }
  }

  #show(patients, said) {
    fill(this.#said, said);
    fill(
      this.#list,
      patients.map((one) =>
        el(
          "li",
          {},
          button(this.#app, "", () => this.#take(one, true), { label: this.#told(one) }),
        ),
      ),
    );
  }

  #told(patient) {
    return [patient.name, ...apart(this.#app, patient)].map((text) => `\u2068${text}\u2069`).join(" · ");
  }

  #take(patient, focus = false) {
    this.chosen = patient;
    clearTimeout(this.#timer);
    this.#turn += 1;
    fill(this.#fault);
    fill(this.#said);
    fill(this.#list);
    this.#search.hidden = true;
    const other = button(this.#app, "other_patient", () => {
      this.clear();
      this.#input.focus();
    });
    fill(this.#picked, el("p", {}, el("strong", {}, this.#told(patient))), other);
    this.#picked.hidden = false;
    if (focus) other.focus();
    this.#found(patient);
  }

  // From the field straight into the list.
  #down(event) {
    if (event.key === "Enter") event.preventDefault();
    if (event.key !== "ArrowDown" && event.key !== "Enter") return;
    const first = this.#list.querySelector("button");
    if (!first) return;
    event.preventDefault();
    first.focus();
  }
}
