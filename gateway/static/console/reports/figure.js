// A chart with its figures in a table beside it, and tables and lists of figures by themselves. Knows how they stand
// on the page; not what they say.

import { el, freshId } from "../dom.js";
import { legend } from "./charts.js";

const WIDE = 5; // columns beyond which a table stands below its chart

// `drawing`: what `charts.js` made; `names`: its series, where there are several; `table`: see below.
export function figure({ title, drawing, names = [], lined = false, table: beside }) {
  const wide = beside.columns.length > WIDE;
  return el(
    "figure",
    { class: wide ? "report-figure wide" : "report-figure" },
    el("figcaption", {}, el("h3", {}, title)),
    el("div", { class: "report-drawing" }, names.length > 1 ? legend(names, lined) : null, drawing),
    table({ ...beside, caption: title, said: false }),
  );
}

// `columns`: [{word, of(row) → text, plain}]; the first names the row, and only a plain one is no figure. `foot`: a last
// row that sums up. `said`: whether the caption is to be seen.
export function table({ caption, columns, rows, foot = null, said = true }) {
  const line = (row) =>
    el(
      "tr",
      {},
      columns.map((column, place) => cell(column, row, place)),
    );
  return el(
    "div",
    { class: "report-table", tabindex: "0", role: "region", aria: { label: caption } },
    el(
      "table",
      {},
      el("caption", { class: said ? "" : "spoken" }, caption),
      el(
        "thead",
        {},
        el(
          "tr",
          {},
          columns.map(({ word, plain }, place) => el("th", { scope: "col", class: place && !plain ? "figure" : null }, word)),
        ),
      ),
      el("tbody", {}, rows.map(line)),
      foot ? el("tfoot", {}, line(foot)) : null,
    ),
  );
}

function cell({ of, plain }, row, place) {
  if (place === 0) return el("th", { scope: "row" }, el("bdi", {}, of(row)));
  return el("td", { class: plain ? null : "figure" }, of(row));
}

// What matters at a glance: [{word, value, more}].
export function tiles(label, items) {
  const id = freshId("tiles");
  return el(
    "section",
    { class: "report-tiles", aria: { labelledby: id } },
    el("h2", { id, class: "spoken" }, label),
    el(
      "dl",
      {},
      items.map(({ word, value, more }) => el("div", {}, el("dt", {}, word), el("dd", {}, value, more ? el("small", {}, more) : null))),
    ),
  );
}
