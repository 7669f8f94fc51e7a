// Forms out of a list of fields: labels, hints, what is wrong where it is wrong, and values as the interface has them.

import { Refusal } from "./api.js";
import { el, fill, freshId } from "./dom.js";

const PLAIN = ["autocomplete", "min", "max", "step", "minlength", "maxlength", "pattern", "placeholder", "rows", "inputmode"];

// A field: {name, word, type = "text", required, options, hint, value, many, keep, ...attributes}. `word`, `hint`: names
// of words; `label` is a text instead. `type` is that of an input, or select, textarea, checkbox, moment (a time by the
// hospital's clocks). `options`: [[value, text], …]. `keep`: an empty field is said as null. A name may have dots.
export class Form {
  #app;
  #fields = new Map();
  #told = el("p", { class: "refused", role: "alert" });
  #button;
  #act;

  // `act(values, {at, form})` is what submitting does: hand {at, form} on to app.act. `submit`: a word.
  constructor(app, { fields, submit = "save", act, cancel = null, more = [], danger = false, classes = "" }) {
    this.#app = app;
    this.#act = act;
    this.#button = el("button", { type: "submit", class: danger ? "main danger" : "main" }, app.say(submit));
    const leave = cancel && el("button", { type: "button", onClick: () => cancel() }, app.say("never_mind"));
    this.element = el(
      "form",
      { class: `form ${classes}`, novalidate: true, onSubmit: (event) => this.#submit(event) },
      this.#told,
      fields.filter(Boolean).map((field) => this.#made(field)),
      el("p", { class: "choice" }, this.#button, more, leave),
    );
  }

  input(name) {
    return this.#fields.get(name).input;
  }

  focus() {
    [...this.#fields.values()][0]?.input.focus();
  }

  // As JSON: what is empty is left out, unless the field says `keep`.
  values() {
    const found = {};
    for (const { field, input } of this.#fields.values()) {
      const value = this.#value(field, input);
      if (value === undefined) continue;
      const names = field.name.split(".");
      const last = names.pop();
      let at = found;
      for (const name of names) at = at[name] ??= {};
      at[last] = value;
    }
    return found;
  }

  set(values) {
    for (const { field, input } of this.#fields.values()) {
      const value = field.name.split(".").reduce((at, name) => at?.[name], values);
      if (value === undefined) continue;
      if (field.type === "checkbox") input.checked = Boolean(value);
      else if (field.type === "moment") input.value = value ? this.#app.time.local(value) : "";
      else if (field.many) for (const option of input.options) option.selected = (value ?? []).includes(option.value);
      else input.value = value ?? "";
    }
  }

  // Other choices for a select.
  options(name, options, chosen = "") {
    const input = this.input(name);
    fill(input, options.map(([value, text]) => el("option", { value, selected: value === chosen }, text)));
  }

  // Shows a refusal at its fields; false when none of them is here. The rest is said above the form.
  fail(error, text) {
    if (!(error instanceof Refusal)) return false;
    this.#clear();
    const rest = [];
    let first = null;
    for (const fault of error.errors) {
      const found = this.#fields.get(fault.field) ?? [...this.#fields.values()].find(({ field }) => fault.field.startsWith(`${field.name}[`) || fault.field.startsWith(`${field.name}.`));
      if (!found) {
        rest.push(`${fault.field}: ${fault.message}`);
        continue;
      }
      this.#mark(found, fault.message);
      first ??= found.input;
    }
    fill(this.#told, error.errors.length ? rest.join(" ") : text);
    (first ?? this.#button).focus();
    return true;
  }

  #submit(event) {
    event.preventDefault();
    this.#clear();
    const wrong = [...this.#fields.values()].filter(({ input }) => !input.checkValidity());
    for (const found of wrong) this.#mark(found, found.input.validationMessage);
    if (wrong.length) wrong[0].input.focus();
    else this.#act(this.values(), { at: this.#button, form: this });
  }

  #clear() {
    fill(this.#told);
    for (const { input, fault } of this.#fields.values()) {
      input.removeAttribute("aria-invalid");
      fill(fault);
    }
  }

  #mark({ input, fault }, message) {
    input.setAttribute("aria-invalid", "true");
    fill(fault, message);
  }

  #made(field) {
    const id = freshId("field");
    const fault = el("p", { class: "fault", id: `${id}-fault`, "aria-live": "polite" });
    const hint = field.hint && el("p", { class: "hint", id: `${id}-hint` }, this.#app.say(field.hint));
    const input = this.#input(field, id, hint);
    this.#fields.set(field.name, { field, input, fault });
    const label = el("label", { for: id }, field.label ?? this.#app.say(field.word));
    const tick = field.type === "checkbox";
    return el("div", { class: tick ? "field tick" : "field" }, tick ? [input, label] : [label, input], hint, fault);
  }

  #input(field, id, hint) {
    const { type = "text", required = false, value, options, many } = field;
    const described = [hint && `${id}-hint`, `${id}-fault`].filter(Boolean).join(" ");
    const props = { id, name: field.name, required, "aria-describedby": described, dataset: field.key ? { key: field.key } : {} };
    for (const name of PLAIN) if (field[name] !== undefined) props[name] = field[name];
    if (field.onChange) props.onChange = field.onChange;
    if (field.autofocus) props.autofocus = true;
    if (type === "select") {
      const made = options.map(([one, text]) => el("option", { value: one, selected: many ? value?.includes(one) : one === value }, text));
      return el("select", { ...props, multiple: many }, made);
    }
    if (type === "textarea") return el("textarea", { rows: 2, ...props, value: value ?? "" });
    if (type === "checkbox") return el("input", { ...props, type, checked: Boolean(value) });
    const shown = type === "moment" ? "datetime-local" : type;
    const text = type === "moment" && value ? this.#app.time.local(value) : value;
    return el("input", { ...props, type: shown, value: text ?? "" });
  }

  #value({ type, many, keep }, input) {
    if (type === "checkbox") return input.checked;
    if (many) return [...input.selectedOptions].map((option) => option.value);
    const text = type === "password" ? input.value : input.value.trim();
    if (text === "") return keep ? null : undefined;
    if (type === "number") return Number(text);
    return type === "moment" ? this.#app.time.instant(text) : text;
  }
}
