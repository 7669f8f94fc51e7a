// Services: queues with their counters, how they call, and whether they are open.

import { el } from "../dom.js";
import { confirm } from "../dialog.js";
import { button } from "../parts.js";
import { Records } from "./records.js";
import { Rows } from "./rows.js";

const STATUSES = ["active", "paused", "emergency", "closed", "inactive"];
const DEGREES = ["high", "medium", "low"];

export default {
  async open(app, host, params) {
    const records = new Records(app, {
      view: "services", word: "services", one: "add_service", path: "/services/", add: "AddService", change: "ChangeService",
      title: (one) => one.name,
      about: (one) => `${one.prefix} · ${app.say(`v_${one.status}`)}`,
      choices: async () => ({ "max_wait_minutes.keys": DEGREES, "shares.keys": DEGREES }),
      omit: ["settings.counters"],
      extra: () => counters(app),
      more: (one) => steps(app, one, records),
    });
    await records.open(host, params);
  },
};

function counters(app) {
  const rows = new Rows(app, {
    legend: "counters", add: "add_counter",
    columns: [
      { name: "name", word: "f_name", maxlength: 40 },
      { name: "location", word: "f_location", maxlength: 80 },
      { name: "skills", word: "f_skills", type: "list" },
      { name: "open", word: "is_open", type: "checkbox", fresh: true },
    ],
  });
  return {
    element: rows.element,
    set: (item) => rows.set(item?.settings.counters ?? [{ name: "1" }]),
    put: (body) => ((body.settings ??= {}).counters = rows.values()),
  };
}

function steps(app, one, records) {
  const set = async (status, at) => {
    const said = await app.act((once) => app.send("POST", `/services/${one.id}/status/`, { status }, once), {
      at, what: one.name, done: () => app.say("now_is", { name: one.name, status: app.say(`v_${status}`) }),
    });
    if (said) await records.refresh(one.id);
  };
  const end = async (at) => {
    const sure = await confirm(app, { title: app.say("end_day"), text: app.say("end_day_hint"), word: "end_day", danger: true });
    if (!sure) return;
    const said = await app.act((once) => app.send("POST", `/services/${one.id}/end-day/`, {}, once), { at, what: app.say("end_day"), done: () => app.say("day_ended") });
    if (said) await records.refresh(one.id);
  };
  return el("section", { class: "inner" },
    el("h3", {}, `${app.say("status")}: ${app.say(`v_${one.status}`)}`),
    el("p", { class: "choice" },
      STATUSES.filter((status) => status !== one.status).map((status) => button(app, `set_${status}`, (at) => set(status, at))),
      button(app, "end_day", end, { kind: "danger" })));
}
