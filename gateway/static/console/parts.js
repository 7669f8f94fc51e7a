// Small things that many views are made of: buttons with their keys, states of a page, tables, definitions.

import { el, put } from "./dom.js";

// A button: `key` is the single key that clicks it; `run(button)` what it does. `kind`: main, danger, plain.
export function button(app, word, run, { key = "", kind = "", label = "", disabled = false } = {}) {
  const onClick = (event) => run(event.currentTarget);
  const props = { type: "button", class: kind, onClick, disabled, dataset: key ? { key: key.toLowerCase() } : {} };
  if (key) props["aria-keyshortcuts"] = key;
  return el("button", props, label || app.say(word), key && el("kbd", {}, key.toUpperCase()));
}

// The heading of a view with what can be done there.
export function heading(text, ...actions) {
  return el("div", { class: "heading" }, el("h1", { tabindex: -1 }, text), el("div", { class: "actions" }, actions));
}

// Nothing is here, and what one can do about it.
export function empty(text, ...more) {
  return el("div", { class: "empty" }, el("p", {}, text), more);
}

// Something could not be shown: why, and a way to try again.
export function failure(app, error, again) {
  return el("div", { class: "failure", role: "alert" }, el("p", {}, app.why(error)), again && button(app, "try_again", again));
}

// A table: heads are texts, rows lists of cells.
export function table(caption, heads, rows) {
  return el(
    "div",
    { class: "scroll", tabindex: 0, role: "region", "aria-label": caption },
    el(
      "table",
      {},
      el("caption", { class: "spoken" }, caption),
      el("thead", {}, el("tr", {}, heads.map((head) => el("th", { scope: "col" }, head)))),
      el("tbody", {}, rows.map((cells) => el("tr", {}, cells.map((cell) => el("td", {}, cell))))),
    ),
  );
}

// What is known of something: [[name, value], …]; what is empty is left out.
export function facts(pairs) {
  const made = pairs.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return el("dl", { class: "facts" }, made.map(([name, value]) => el("div", {}, el("dt", {}, name), put(el("dd", {}), value))));
}

// A state in a word, told apart by its shape too (parts.css).
export function chip(kind, text) {
  return el("span", { class: "chip", dataset: { kind } }, text);
}
