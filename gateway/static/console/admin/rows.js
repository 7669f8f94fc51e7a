// Several small things of one kind inside a form: counters, days that are different, breaks. A table of fields, one more, one
// less. Knows columns; not what they are.

import { el, freshId } from "../dom.js";
import { button } from "../parts.js";

// A column: {name, word, type = "text", required, fresh}. A text of type "list" has commas, and is a list of texts.
export class Rows {
  #app;
  #columns;
  #body = el("tbody");
  #rows = [];
  #word;

  constructor(app, { legend, columns, add }) {
    this.#app = app;
    this.#columns = columns;
    this.#word = legend;
    const heads = columns.map(({ word }) => el("th", { scope: "col" }, app.say(word)));
    this.element = el("fieldset", { class: "together" }, el("legend", {}, app.say(legend)),
      el("div", { class: "scroll" }, el("table", {}, el("thead", {}, el("tr", {}, heads, el("th", {}, el("span", { class: "spoken" }, app.say("remove"))))), this.#body)),
      el("p", {}, button(app, add, () => this.#add({}, true))));
  }

  set(items) {
    this.#rows = [];
    this.#body.replaceChildren();
    for (const item of items) this.#add(item);
  }

  // What is in the rows; what no column shows stays as it was. A row without its first column is none.
  values() {
    const first = this.#columns[0].name;
    return this.#rows.map(({ item, inputs }) => {
      const made = { ...item };
      for (const { name, type } of this.#columns) {
        const value = read(inputs.get(name), type);
        if (value === undefined) delete made[name];
        else made[name] = value;
      }
      return made;
    }).filter((one) => one[first] !== undefined);
  }

  #add(item, focus = false) {
    const inputs = new Map();
    const cells = this.#columns.map(({ name, word, type = "text", fresh, maxlength, min }) => {
      const value = item[name] ?? fresh;
      const props = { id: freshId("row"), "aria-label": this.#app.say(word), maxlength, min };
      const input = type === "checkbox"
        ? el("input", { ...props, type, checked: Boolean(value) })
        : el("input", { ...props, type: type === "list" ? "text" : type, value: type === "list" ? (value ?? []).join(", ") : (value ?? "") });
      inputs.set(name, input);
      return el("td", {}, input);
    });
    const row = { item, inputs };
    const gone = button(this.#app, "remove", () => {
      this.#rows.splice(this.#rows.indexOf(row), 1);
      const next = line.nextElementSibling ?? line.previousElementSibling;
      line.remove();
      (next?.querySelector("input") ?? this.element.querySelector("p button")).focus();
    }, { kind: "plain" });
    const line = el("tr", {}, cells, el("td", {}, gone));
    this.#rows.push(row);
    this.#body.append(line);
    if (focus) inputs.get(this.#columns[0].name).focus();
  }
}

function read(input, type) {
  if (type === "checkbox") return input.checked;
  const text = input.value.trim();
  if (type === "list") return text.split(",").map((one) => one.trim()).filter(Boolean);
  if (text === "") return undefined;
  return type === "number" ? Number(text) : text;
}
