// Tries to book, and where it cannot be had offers what can: other rooms then, the nearest times, or to wait for a room.
// Whoever takes one has it with one key. Knows refusals and what to say instead; not what is booked.

import { Refusal } from "../api.js";
import { confirm, dialog } from "../dialog.js";
import { el } from "../dom.js";
import { button } from "../parts.js";
import { excluded } from "./reasons.js";
import { when } from "./times.js";

const NO_ROOM = new Set(["room_conflict", "room_closed", "room_unavailable", "room_not_fitting", "no_room_available"]);

// `send(body, once)` asks; `body` may be changed by what is taken instead. `unassigned`: whether it may wait for a room.
// Gives the answer, or null.
export async function attempt(app, clinic, { send, body, done, at = null, form = null, what = "", unassigned = true }) {
  let asked = body;
  for (;;) {
    let refusal = null;
    const run = async (once) => {
      try {
        return await send(asked, once);
      } catch (error) {
        if (!(error instanceof Refusal) || !(NO_ROOM.has(error.code) || error.code === "patient_overlap")) throw error;
        refusal = error;
        return null;
      }
    };
    const answer = await app.act(run, { at, form, what, done: (found) => found && done(found) });
    if (refusal === null) return answer;
    const instead =
      refusal.code === "patient_overlap" ? await overlapping(app, refusal) : await offered(app, clinic, refusal, { asked, unassigned });
    if (instead === null) return null;
    asked = { ...asked, ...instead };
  }
}

// The patient is elsewhere then: perhaps that is meant.
async function overlapping(app, refusal) {
  const { start_time: from, end_time: to } = refusal.facts;
  const text = app.say("patient_elsewhere", { time: app.time.range(from, to) });
  const said = await confirm(app, { title: app.say("patient_is_elsewhere"), text, word: "book_all_the_same", reason: "needed" });
  return said && { overlap_reason: said.reason };
}

async function offered(app, clinic, refusal, { asked, unassigned }) {
  const scores = new Map((refusal.facts.alternatives?.rooms ?? []).map(({ room_id: id, score }) => [id, score]));
  const names = await clinic.rules((await ruleVersion(app, clinic)) ?? 0).catch(() => new Map());
  return dialog(app.why(refusal), (close) => {
    const { considered, failed } = refusal.facts;
    const taken = refusal.suggestions.map((instead, place) => {
      const { start_time: from, end_time: to } = { ...asked, ...instead };
      const score = scores.get(instead.room_id);
      const said = [app.say("in_room_at", { room: clinic.room(instead.room_id), time: when(app, from, to) })];
      if (score !== undefined && !instead.start_time) said.push(app.say("score_of", { score }));
      return el(
        "li",
        {},
        button(app, "", () => close(instead), { key: place < 9 ? String(place + 1) : "", label: said.join(" · ") }),
      );
    });
    return el(
      "div",
      { class: "room-offer" },
      considered ? el("p", {}, app.say("rooms_considered", { count: considered }), excluded(app, failed ?? {}, names)) : null,
      taken.length ? el("p", {}, app.say("take_instead")) : el("p", {}, app.say("nothing_instead")),
      el("ol", {}, taken),
      el(
        "p",
        { class: "choice" },
        unassigned ? button(app, "wait_for_a_room", () => close({ room_id: undefined, fallback: "unassigned" }), { key: "w" }) : null,
        button(app, "never_mind", () => close(null)),
      ),
    );
  });
}

async function ruleVersion(app, clinic) {
  return (await app.get("/clinics/" + clinic.id + "/rules/versions/", { limit: 1 })).items[0]?.rule_version;
}
