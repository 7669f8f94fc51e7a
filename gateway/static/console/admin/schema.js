// Forms out of the interface's own document: which fields a request has, of what kind, within which bounds and with which
// default stands there and nowhere else. Knows JSON Schema as far as the document uses it; no request by name.

import { Refusal } from "../api.js";

let asked = null;

// The schemas of all requests, by name; asked for once.
export function schemas() {
  asked ??= fetch("/api/openapi.json")
    .then(async (answer) => {
      if (!answer.ok) throw new Refusal({ code: `http_${answer.status}`, status: answer.status });
      return (await answer.json()).components.schemas;
    })
    .catch((error) => {
      asked = null;
      throw error instanceof Refusal ? error : new Refusal({ code: "no_connection" });
    });
  return asked;
}

const TIME = "[0-5][0-9]$"; // how the pattern of a local time ends
const LIST = /[,;\n،]/; // what stands between texts that are a list

// What a request looks like as a form: `fields` for Form, `body(values, before)` what is sent, `values(data)` what is set.
export class Shape {
  fields = [];
  groups = new Map(); // names of ticks that belong together, by what they belong to
  defaults = new Map();
  #leaves = [];
  #app;

  // `name`: of the request. `choices`: {field: [[value, text], …]} for ids. `omit`: fields that others show, or nobody.
  // `from`: the part of the request that is shown, where it is not all of it. `beneath`: what its fields' names begin with.
  constructor(app, all, name, { choices = {}, omit = [], from = null, beneath = "" } = {}) {
    this.#app = app;
    const schema = from ?? all[name];
    // What a thing is itself goes before what it has inside.
    const depth = (leaf) => leaf.name.split(".").length;
    for (const leaf of [...leaves(all, schema, beneath)].sort((one, other) => depth(one) - depth(other))) {
      if (omit.includes(leaf.name) || omit.some((one) => leaf.name.startsWith(`${one}.`))) continue;
      const made = this.#made(leaf, choices);
      if (!made) continue;
      this.#leaves.push({ ...leaf, ...made });
      this.fields.push(...made.fields);
      this.defaults.set(leaf.name, leaf.default);
    }
  }

  // `before`: what is there now; what no field shows stays as it is there.
  body(values, before = null) {
    const made = before ? structuredClone(before) : {};
    for (const { name, read } of this.#leaves) {
      const value = read(at(values, name));
      if (value !== undefined) put(made, name, value);
      else drop(made, name);
    }
    return made;
  }

  values(data) {
    const made = {};
    for (const { name, write, default: usual } of this.#leaves) {
      const value = at(data, name);
      const known = value === undefined ? usual : value;
      if (known !== undefined && known !== null) put(made, name, write(known));
    }
    return made;
  }

  label(name) {
    const whole = `f_${name.replaceAll(".", "_")}`;
    return this.#app.say(this.#app.language.knows(whole) ? whole : `f_${name.split(".").at(-1)}`);
  }

  // What a value is called.
  says(value) {
    const word = `v_${value}`;
    return this.#app.language.knows(word) ? this.#app.say(word) : String(value);
  }

  #made({ name, schema, nullable, required, default: usual }, choices) {
    const last = name.split(".").at(-1);
    const label = this.label(name);
    const base = { name, label, required: required && !nullable, keep: nullable };
    const plain = { read: (value) => value, write: (value) => value };
    const known = choices[name] ?? choices[last];
    if (known?.length === 0) return null;
    if (schema.type === "array") return this.#several(base, schema, known);
    if (known) return { ...plain, fields: [{ ...base, type: "select", options: required ? known : [["", "–"], ...known], value: usual ?? "" }] };
    if (schema.enum) return { ...plain, fields: [{ ...base, type: "select", options: inOrder(schema.enum).map((one) => [one, this.says(one)]), value: usual }] };
    if (schema.type === "boolean") return { ...plain, fields: [{ ...base, type: "checkbox", required: false, value: usual }] };
    if (schema.type === "integer" || schema.type === "number") {
      return { ...plain, fields: [{ ...base, type: "number", min: schema.minimum, max: schema.maximum, value: usual ?? "" }] };
    }
    if (schema.type === "object") return this.#counted(base, schema, choices[`${last}.keys`] ?? []);
    if (schema.type !== "string") return null;
    const type = schema.format === "date" ? "date" : schema.format === "date-time" ? "moment" : schema.pattern?.endsWith(TIME) ? "time" : "text";
    return { ...plain, fields: [{ ...base, type, maxlength: type === "text" ? schema.maxLength : undefined, value: usual ?? "" }] };
  }

  // Several values of a closed set are ticks, several ids a list, several texts one line with commas.
  #several(base, { items }, known) {
    if (known) {
      const write = (value) => value;
      return { read: (value) => value ?? [], write, fields: [{ ...base, type: "select", many: true, required: false, options: known, value: [] }] };
    }
    if (items.enum) {
      const names = inOrder(items.enum);
      this.groups.set(base.name, { legend: base.label, names: names.map((one) => `${base.name}.${one}`) });
      return {
        read: (value) => names.filter((one) => value?.[one]),
        write: (value) => Object.fromEntries(names.map((one) => [one, value.includes(one)])),
        fields: names.map((one) => ({ name: `${base.name}.${one}`, label: this.says(one), type: "checkbox" })),
      };
    }
    if (items.type === "integer") { // days of the week by number
      this.groups.set(base.name, { legend: base.label, names: WEEK.map((day) => `${base.name}.${day}`) });
      return {
        read: (value) => WEEK.flatMap((day, place) => (value?.[day] ? [place] : [])),
        write: (value) => Object.fromEntries(WEEK.map((day, place) => [day, value.includes(place)])),
        fields: WEEK.map((day) => ({ name: `${base.name}.${day}`, label: this.says(day), type: "checkbox", value: true })),
      };
    }
    if (items.type !== "string") return null;
    const read = (value) => (value ?? "").split(LIST).map((one) => one.trim()).filter(Boolean);
    return { read, write: (value) => value.join(", "), fields: [{ ...base, hint: items.format === "date" ? "hint_days" : "hint_list", type: "text", required: false, keep: false }] };
  }

  // A number for each of some names.
  #counted(base, schema, keys) {
    if (!keys.length || !schema.additionalProperties?.type) return null;
    const { minimum: min, maximum: max } = schema.additionalProperties;
    this.groups.set(base.name, { legend: base.label, names: keys.map((key) => `${base.name}.${key}`) });
    return {
      read: (value) => value ?? {},
      write: (value) => value,
      fields: keys.map((key) => ({ name: `${base.name}.${key}`, label: this.says(key), type: "number", min, max })),
    };
  }
}

// Puts a form's ticks and numbers that belong together under one legend.
export function grouped(el, form, shape) {
  for (const { legend, names } of shape.groups.values()) {
    const parts = names.map((name) => form.input(name).closest(".field"));
    const set = el("fieldset", { class: "together" }, el("legend", {}, legend));
    parts[0].before(set);
    set.append(...parts);
  }
  return form;
}

// Every value that an object holds, with the objects in it opened.
function* leaves(all, schema, prefix) {
  for (const [property, given] of Object.entries(schema.properties)) {
    const { schema: plain, nullable } = resolved(all, given);
    const name = `${prefix}${property}`;
    if (plain.type === "object" && plain.properties) yield* leaves(all, plain, `${name}.`);
    else if (!(plain.enum?.length === 1)) yield { name, schema: plain, nullable, required: schema.required?.includes(property) ?? false, default: given.default };
  }
}

export function resolved(all, given) {
  if (given.$ref) return { schema: all[given.$ref.split("/").at(-1)], nullable: false };
  const kinds = given.anyOf?.filter((one) => one.type !== "null");
  if (kinds?.length === 1) return { schema: resolved(all, kinds[0]).schema, nullable: kinds.length < given.anyOf.length };
  return { schema: given, nullable: false };
}

const WEEK = ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"];
const GRAVE = ["critical", "high", "medium", "low"];

// The document has values by the alphabet; days and degrees have an order of their own.
function inOrder(values) {
  const order = [WEEK, GRAVE].find((one) => values.every((value) => one.includes(value)));
  return order ? order.filter((value) => values.includes(value)) : values;
}

function at(data, name) {
  return name.split(".").reduce((found, one) => found?.[one], data);
}

function put(data, name, value) {
  const names = name.split(".");
  const last = names.pop();
  let found = data;
  for (const one of names) found = found[one] ??= {};
  found[last] = value;
}

function drop(data, name) {
  const names = name.split(".");
  const last = names.pop();
  const found = names.reduce((inner, one) => inner?.[one], data);
  if (found) delete found[last];
}
