// How a patient came to doctor, nurse and bed, and from what they were chosen: each assignment of an admission, the latest
// first. Knows how that is told.

import { el } from "../dom.js";

const HOWS = new Set(["automatic", "backlog", "retry", "manual", "handover", "reassigned", "transfer", "swap"]);

export async function history(app, house, assigned) {
  if (!assigned.length) return null;
  const rows = await Promise.all([...assigned].reverse().map((one) => row(app, house, one)));
  return el("details", { class: "ward-history", open: true }, el("summary", {}, app.say("how_chosen")), el("ol", {}, rows));
}

async function row(app, house, { at, how, doctor_id: doctor, nurse_id: nurse, bed_id: bed, by, choice }) {
  const given = [await house.member(doctor), await house.member(nurse), await house.bed(bed)]
    .filter(Boolean)
    .map((name) => `\u2068${name}\u2069`);
  const said = [app.time.moment(at), HOWS.has(how) ? app.say(`how_${how}`) : "", by ? `\u2068${by}\u2069` : ""].filter(Boolean).join(" · ");
  return el("li", {}, el("p", {}, said), el("p", {}, given.join(" · ")), choice ? el("p", { class: "hint" }, told(app, choice)) : null);
}

function told(
  app,
  {
    doctors_free: doctors,
    nurses_free: nurses,
    beds_free: beds,
    doctor_load: load,
    doctor_max_load: most,
    nurse_load: less,
    nurse_max_load: top,
    forced,
    on_call: called,
  },
) {
  const said = [
    app.say("chosen_from", { doctors, nurses, beds }),
    app.say("loads_then", { doctor: `${load}/${most}`, nurse: `${less}/${top}` }),
  ];
  if (called.length) said.push(app.say("on_call_was_asked"));
  if (forced) said.push(app.say("was_forced"));
  return said.join(" · ");
}
