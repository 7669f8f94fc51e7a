// The timeline of the day board as a part of the console: the elements that the board's own module draws into. Knows
// what it needs to be there; not what is shown.

import { DayGrid } from "/static/board/day_grid.js";
import { el } from "../dom.js";

// {element, grid}; `choose(room id, key or null)` as the board's.
export function timeline(app, choose) {
  const labelled = { label: app.say("rooms"), readonly: "true", describedby: "timeline-keys" };
  const parts = {
    hours: el("div", { class: "hours", aria: { hidden: "true" } }),
    now: el("span", { class: "now", hidden: true }),
    grid: el("div", { role: "grid", aria: labelled }),
    row: template(
      el(
        "div",
        { role: "row" },
        el(
          "div",
          { role: "rowheader", tabindex: -1, dataset: { key: "", item: "" } },
          el(
            "div",
            { class: "room" },
            el("span", { class: "chip" }),
            el("bdi", { class: "name" }),
            el("bdi", { class: "type" }),
            el("span", { class: "state" }),
          ),
        ),
        el("div", { class: "track", role: "presentation" }),
      ),
    ),
    cell: template(
      el(
        "div",
        { role: "gridcell", class: "block", tabindex: -1, dataset: { key: "" } },
        el("span", { class: "setup" }),
        el("span", { class: "core" }, el("span", { class: "mark" }), el("span", { class: "when" }), el("span", { class: "what" })),
        el("span", { class: "cleaning" }),
      ),
    ),
  };
  parts.lines = el("div", { class: "lines", aria: { hidden: "true" } }, parts.now);
  parts.timeline = el("div", { class: "timeline" }, el("div", { class: "sheet" }, parts.hours, parts.lines, parts.grid));
  const element = el(
    "div",
    { class: "room-timeline" },
    parts.timeline,
    el("p", { class: "hint", id: "timeline-keys" }, app.say("keys_hint")),
  );
  return { element, grid: new DayGrid(parts, choose) };
}

function template(element) {
  const made = document.createElement("template");
  made.content.append(element);
  return made;
}
