// Why an appointment has the room it has: the score, what each rule gave, what excluded the others, and who comes next.
// Knows how a choice is told; not how one is made.

import { el } from "../dom.js";

const METHODS = new Set(["rules", "chosen", "fallback", "freed"]);

// `assignment` as answered, with `names` of the rules by id. Nothing where no room was chosen.
export function reasons(app, clinic, assignment, names) {
  if (!assignment) return null;
  const { method, score, terms, considered, failed } = assignment;
  const said = METHODS.has(method) ? app.say(`method_${method}`) : "";
  return el(
    "section",
    { class: "room-reasons" },
    el("h3", {}, app.say("why_this_room")),
    el("p", {}, said, score === null ? "" : ` ${app.say("score_of", { score })}`),
    terms.length
      ? el(
          "ul",
          { class: "room-terms" },
          terms.map(({ rule_id: id, points }) =>
            el("li", {}, el("bdi", {}, names.get(id) ?? app.say("a_rule")), el("span", { class: "points" }, signed(points))),
          ),
        )
      : null,
    considered ? el("p", { class: "hint" }, app.say("rooms_considered", { count: considered }), excluded(app, failed, names)) : null,
  );
}

// What excluded how many rooms: by the name of a rule, or by one of the reasons that rooms have themselves.
export function excluded(app, failed, names) {
  const told = Object.entries(failed).map(([reason, count]) => `${names.get(reason) ?? reasonOf(app, reason)} (${count})`);
  return told.length ? ` ${app.say("excluded", { reasons: told.join(", ") })}` : "";
}

function reasonOf(app, reason) {
  const word = `failed_${reason}`;
  return app.language.knows(word) ? app.say(word) : reason.replaceAll("_", " ");
}

function signed(points) {
  return `\u2066${points > 0 ? "+" : ""}${Math.round(points * 10) / 10}\u2069`;
}
