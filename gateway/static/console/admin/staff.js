// The staff: who may work, what they can, in which wards; their shifts and when they are away.

import { doctors } from "../directory.js";
import { confirm } from "../dialog.js";
import { el } from "../dom.js";
import { Form } from "../form.js";
import { button, chip, empty, table } from "../parts.js";
import { Records } from "./records.js";

const DUTY = { on: "good", on_call: "wait", off: "quiet" };

export default {
  async open(app, host, params) {
    const [who, wards] = await Promise.all([doctors(app), app.all("/wards/")]);
    const records = new Records(app, {
      view: "staff", word: "staff", one: "add_staff", path: "/staff/", add: "AddStaff", change: "ChangeStaff", retire: "retire",
      title: (one) => one.name,
      about: (one) => [app.say(`v_${one.role}`), one.is_approved === false ? chip("warn", app.say("not_approved")) : one.is_active === false ? chip("quiet", app.say("inactive")) : ""],
      choices: async () => ({ ward_ids: wards.map(({ id, name }) => [id, name]), doctor_id: who.map(({ id, name }) => [id, name]) }),
      more: (one) => new Person(app, one, records).element,
    });
    await records.open(host, params);
  },
};

// What is done with one of them, beside the form.
class Person {
  #app;
  #one;
  #records;

  constructor(app, one, records) {
    this.#app = app;
    this.#one = one;
    this.#records = records;
    this.element = el("div", { class: "inner" },
      el("p", {}, chip(DUTY[one.duty], app.say(`duty_${one.duty}`)), " ", app.say("patients_count", { count: one.load })),
      el("p", { class: "choice" },
        one.is_approved
          ? button(app, "take_approval", (at) => this.#set("approval", { is_approved: false }, "approval_taken", at, true), { kind: "danger" })
          : button(app, "approve", (at) => this.#set("approval", { is_approved: true }, "approved", at), { kind: "main" }),
        one.is_active
          ? button(app, "deactivate", (at) => this.#set("activity", { is_active: false }, "deactivated", at, true))
          : button(app, "activate_person", (at) => this.#set("activity", { is_active: true }, "activated_person", at))),
      this.#times("shifts", one.shifts, "remove_shift", "/shifts/", this.#shift()),
      this.#times("leaves", one.leaves, "remove_leave", "/leaves/", this.#leave()));
  }

  async #set(what, body, word, at, asks = false) {
    const app = this.#app;
    const said = asks ? await confirm(app, { title: this.#one.name, reason: "asked", danger: true }) : { reason: "" };
    if (!said) return;
    const sent = said.reason ? { ...body, reason: said.reason } : body;
    await this.#done((once) => app.send("POST", `/staff/${this.#one.id}/${what}/`, sent, once), word, { at });
  }

  async #done(run, word, how) {
    const app = this.#app;
    const answer = await app.act(run, { ...how, what: this.#one.name, done: () => app.say(word, { name: this.#one.name }) });
    if (answer) await this.#records.refresh(this.#one.id);
  }

  #times(word, listed, remove, path, form) {
    const app = this.#app;
    const cells = (one) => [
      `${app.time.moment(one.start_time)} – ${app.time.moment(one.end_time)}${one.on_call ? ` · ${app.say("f_on_call")}` : ""}`,
      button(app, remove, (at) => this.#done((once) => app.send("DELETE", `${path}${one.id}/`, null, once), `${word}_removed`, { at }), { kind: "plain" }),
    ];
    const heads = [app.say("time"), app.say("actions")];
    return el("section", {}, el("h3", {}, app.say(word)), listed.length ? table(app.say(word), heads, listed.map(cells)) : empty(app.say(`no_${word}`)), form.element);
  }

  #begin(days, clock) {
    const { time } = this.#app;
    return time.instant(`${time.shift(time.today(), days)}T${clock}`);
  }

  #shift() {
    const app = this.#app;
    return new Form(app, {
      classes: "row",
      fields: [
        { name: "start_time", word: "f_from", type: "moment", required: true, value: this.#begin(1, "08:00") },
        { name: "end_time", word: "f_to", type: "moment", required: true, value: this.#begin(1, "16:00") },
        { name: "on_call", word: "f_on_call", type: "checkbox" },
      ],
      submit: "add_shift",
      act: (values, how) => this.#done((once) => app.send("POST", `/staff/${this.#one.id}/shifts/`, values, once), "shift_added", how),
    });
  }

  #leave() {
    const app = this.#app;
    return new Form(app, {
      classes: "row",
      fields: [
        { name: "start_time", word: "f_from", type: "moment", required: true, value: this.#begin(7, "00:00") },
        { name: "end_time", word: "f_to", type: "moment", required: true, value: this.#begin(14, "00:00") },
        { name: "reason", word: "reason_if_any", maxlength: 500 },
      ],
      submit: "add_leave",
      act: (values, how) => this.#done((once) => app.send("POST", `/staff/${this.#one.id}/leaves/`, values, once), "leave_added", how),
    });
  }
}
