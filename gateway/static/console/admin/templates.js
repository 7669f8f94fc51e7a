// Slot templates: the week of a doctor, and the slots made from it for days to come.

import { doctors } from "../directory.js";
import { el, fill } from "../dom.js";
import { Form } from "../form.js";
import { empty, heading, table } from "../parts.js";
import { Records } from "./records.js";
import { Rows } from "./rows.js";

export const TIERS = ["EMERGENCY", "PRIORITY_PAID", "FOLLOWUP", "ONLINE", "WALKIN"];

export default {
  async open(app, host, params) {
    const who = await doctors(app);
    const names = new Map(who.map(({ id, name }) => [id, name]));
    const days = (one) => one.weekdays.map((day) => app.say(`v_${day}`)).join(" ");
    const records = new Records(app, {
      view: "templates", word: "templates", one: "add_template", path: "/slot-templates/", add: "AddSlotTemplate", change: "ChangeSlotTemplate", retire: "retire",
      title: (one) => `${names.get(one.doctor_id ?? one.doctor) ?? app.say("no_such_doctor")} ${one.start_time}–${one.end_time}`,
      about: days,
      choices: async () => ({ doctor: who.map(({ id, name }) => [id, name]), "quotas.keys": TIERS }),
      omit: ["exceptions"],
      extra: () => exceptions(app),
      fresh: () => ({ valid_from: app.time.today(), start_time: "09:00", end_time: "12:00", max_capacity: 20, weekdays: ["MON", "TUE", "WED", "THU", "FRI"] }),
      more: (one) => generating(app, one),
    });
    if (!who.length) host.append(heading(app.say("templates")), empty(app.say("doctors_first"), app.link(app.say("add_doctor"), "admin", "doctors")));
    else await records.open(host, params);
  },
};

// Days on which the week does not hold: off, or at other times.
function exceptions(app) {
  const rows = new Rows(app, {
    legend: "exceptions", add: "add_exception",
    columns: [
      { name: "date", word: "day", type: "date" },
      { name: "start_time", word: "f_start_time", type: "time" },
      { name: "end_time", word: "f_end_time", type: "time" },
      { name: "max_capacity", word: "f_max_capacity", type: "number", min: 1 },
    ],
  });
  return {
    element: rows.element,
    set: (item) => rows.set(item?.exceptions ?? []),
    put: (body) => (body.exceptions = rows.values()),
  };
}

// The week after this one, from Monday on.
function nextWeek(app) {
  const today = app.time.today();
  const weekday = new Date(`${today}T00:00:00Z`).getUTCDay() || 7;
  const monday = app.time.shift(today, 8 - weekday);
  return { from_date: monday, to_date: app.time.shift(monday, 6) };
}

function generating(app, one) {
  const made = el("div", { "aria-live": "polite" });
  const form = new Form(app, {
    classes: "row",
    fields: [
      { name: "from_date", word: "f_from", type: "date", required: true },
      { name: "to_date", word: "f_to", type: "date", required: true },
    ],
    submit: "generate_slots",
    act: async (values, how) => {
      const answer = await app.act((once) => app.send("POST", `/slot-templates/${one.id}/generate/`, values, once), {
        ...how, what: app.say("generate_slots"), done: ({ body }) => app.say("slots_made", { count: body.created.length }),
      });
      if (!answer) return;
      fill(made, outcome(app, answer.body));
      one.version = (await app.get(`/slot-templates/${one.id}/`)).version; // it knows what was made from it
    },
  });
  form.set(nextWeek(app));
  return el("section", { class: "inner" }, el("h3", {}, app.say("generate_slots")), form.element, made);
}

function outcome(app, { created, skipped }) {
  const rows = [
    ...created.map((slot) => [app.time.date(slot.date), app.time.range(slot.start_time, slot.end_time), app.say("made")]),
    ...skipped.map((day) => [app.time.date(day.date), "", app.language.knows(`skipped_${day.reason}`) ? app.say(`skipped_${day.reason}`) : day.reason]),
  ];
  return table(app.say("generate_slots"), [app.say("day"), app.say("time"), app.say("outcome")], rows);
}
