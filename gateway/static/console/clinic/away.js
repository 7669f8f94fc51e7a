// A doctor is away: first what would become of the patients, then, when somebody says so, all of it at once.

import { doctors, doctorNames } from "../directory.js";
import { el, fill, sheet } from "../dom.js";
import { Form } from "../form.js";
import { button, empty, heading, table } from "../parts.js";

const KEPT = "matron-my-doctor";

export const away = {
  async open(app, host) {
    await sheet("/static/console/desk/desk.css");
    const known = (await doctors(app)).filter((one) => !one.retired);
    if (!known.length) return void fill(host, heading(app.say("away")), empty(app.say("no_doctors")));
    const plan = el("div", { class: "plan" });
    const now = new Date(Math.ceil(Date.now() / 300_000) * 300_000).toISOString();
    const later = new Date(Date.parse(now) + 3_600_000).toISOString();
    const form = new Form(app, {
      fields: [
        {
          name: "doctor", word: "doctor", type: "select", value: localStorage.getItem(`${KEPT}:${app.session.name}`) ?? known[0].id,
          options: known.map((one) => [one.id, `${one.name} · ${one.specialization}`]),
        },
        { name: "from_time", word: "from", type: "moment", required: true, value: now },
        { name: "to_time", word: "until", type: "moment", required: true, value: later },
        { name: "reason", word: "reason_if_any", maxlength: 500 },
      ],
      submit: "see_plan",
      act: async ({ doctor, ...body }, how) => {
        const path = `/doctors/${doctor}/unavailable/`;
        const looked = await app.act((once) => app.send("POST", path, { ...body, dry_run: true }, once), how);
        if (!looked) return;
        const names = await doctorNames(app, looked.body.tokens.map((one) => one.to_doctor_id).filter(Boolean));
        fill(plan, shown(app, looked.body, names, (at) => apply(app, path, body, plan, at)));
        plan.querySelector("h2").focus();
      },
    });
    fill(host, heading(app.say("away")), el("div", { class: "columns" }, el("div", { class: "panel" }, form.element), plan));
  },
};

function shown(app, plan, names, run) {
  const rows = plan.tokens.map((one) => [
    app.say(`plan_${one.action}`),
    one.start_time ? app.time.moment(one.start_time) : "—",
    el("bdi", {}, one.to_doctor_id ? (names.get(one.to_doctor_id) ?? "") : "—"),
    one.why ?? "",
  ]);
  const counts = Object.entries(plan.counts).map(([action, count]) => `${app.say(`plan_${action}`)}: ${count}`);
  const nothing = !plan.tokens.length && !plan.cancelled_slots.length && !plan.reduced_slots.length;
  return el(
    "section",
    { class: "panel" },
    el("h2", { tabindex: -1 }, app.say("plan")),
    el("p", {}, app.say("plan_slots", { count: plan.cancelled_slots.length, reduced: plan.reduced_slots.length })),
    counts.length > 0 && el("p", {}, counts.join(" · ")),
    plan.appointments.length > 0 && el("p", { class: "refused" }, app.say("plan_appointments", { count: plan.appointments.length })),
    rows.length > 0 && table(app.say("plan"), ["action", "new_time", "doctor", "why"].map((word) => app.say(word)), rows),
    nothing && el("p", { class: "empty" }, app.say("plan_nothing")),
    el("p", { class: "choice" }, button(app, "apply_plan", run, { kind: "main danger" })),
  );
}

async function apply(app, path, body, plan, at) {
  const done = ({ body: made }) => app.say("plan_applied", { count: made.tokens.length });
  const answer = await app.act((once) => app.send("POST", path, { ...body, dry_run: false }, once), { at, done, what: app.say("away") });
  if (!answer) return;
  fill(plan, el("p", { class: "panel", tabindex: -1 }, app.say("plan_applied", { count: answer.body.tokens.length })));
  plan.firstChild.focus();
}
