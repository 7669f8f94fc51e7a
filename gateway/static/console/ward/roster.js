// Who is on duty, with how many patients of how many; and of whoever is chosen the patients, to be handed over to somebody
// else or each to the least loaded. Knows the roster; the engine chooses.

import { dialog } from "../dialog.js";
import { el, fill, sheet } from "../dom.js";
import { Form } from "../form.js";
import { List } from "../list.js";
import { button, chip, facts, heading } from "../parts.js";
import { Again } from "../rooms/again.js";
import { House } from "./house.js";

const ROLES = ["doctor", "nurse", "technician", "admin"];
const KINDS = { on: "good", on_call: "wait", off: "quiet" };
const LOOK_AGAIN = 30_000; // ms: duties begin and end by the clock

export default {
  async open(app, host) {
    await sheet("/static/console/ward/ward.css");
    const view = new RosterView(app, await House.open(app));
    host.append(view.element);
    await view.begin();
    return () => view.close();
  },
};

class RosterView {
  #app;
  #house;
  #list;
  #again;
  #stop = () => {};
  #timer = 0;
  #counts = el("p", { class: "hint", role: "status" });
  #panel;
  #role;
  #ward;
  #turn = 0;

  constructor(app, house) {
    this.#app = app;
    this.#house = house;
    this.#again = new Again(
      () => this.#ask(),
      (found) => this.#take(found),
    );
    const select = (word, options) =>
      el(
        "select",
        { aria: { label: app.say(word) }, onChange: () => this.#again.want() },
        options.map(([value, text]) => el("option", { value }, text)),
      );
    this.#role = select("role", [["", app.say("all_roles")], ...ROLES.map((role) => [role, app.say(`role_of_${role}`)])]);
    this.#ward = select("ward", [["", app.say("all_wards")], ...house.wards.map(({ id, name }) => [id, name])]);
    this.#panel = el(
      "section",
      { class: "panel", aria: { live: "polite", label: app.say("member") } },
      el("p", { class: "empty" }, app.say("choose_member")),
    );
    this.#list = new List({
      label: app.say("roster"),
      empty: app.say("nobody_here"),
      keyOf: (one) => one.staff_id,
      row: (one) => this.#row(one),
      onChoose: (one) => this.#show(one),
      onOpen: () => this.#panel.querySelector("button")?.focus(),
    });
    this.element = el(
      "div",
      {},
      heading(app.say("roster"), this.#role, this.#ward),
      this.#counts,
      el("div", { class: "columns" }, this.#list.element, this.#panel),
    );
  }

  async begin() {
    this.#take(await this.#ask());
    this.#timer = setInterval(() => this.#again.want(), LOOK_AGAIN);
    this.#stop = this.#app.follow(["admissions"], {
      snapshot: () => {},
      messages: () => this.#again.want(),
      stale: (yes) => !yes && this.#again.want(),
    });
  }

  close() {
    clearInterval(this.#timer);
    this.#again.close();
    this.#stop();
  }

  #ask() {
    return this.#app.get("/roster/", { role: this.#role.value, ward_id: this.#ward.value });
  }

  #take({ items, counts }) {
    fill(this.#counts, this.#app.say("roster_counted", counts));
    const before = this.#list.chosen;
    this.#list.set(items);
    const now = this.#list.chosen;
    if (before && now && before.load !== now.load) this.#show(now);
  }

  #row(one) {
    const app = this.#app;
    return [
      el("bdi", { class: "grow" }, one.name),
      el("span", { class: "faint" }, app.say(`role_of_${one.role}`)),
      chip(KINDS[one.duty], app.say(`duty_${one.duty}`)),
      el("meter", { min: 0, max: one.max_load, high: one.max_load - 0.5, value: one.load, aria: { label: app.say("load") } }),
      el("span", { class: "ward-load" }, `\u2066${one.load}/${one.max_load}\u2069`),
    ];
  }

  async #show(one) {
    const app = this.#app;
    const turn = (this.#turn += 1);
    if (!one) return fill(this.#panel, el("p", { class: "empty" }, app.say("choose_member")));
    const admissions = await app.all("/admissions/", { staff_id: one.staff_id });
    const named = await Promise.all(
      admissions.map(async (admission) => ({
        admission,
        name: (await app.get(`/patients/${admission.patient_id}/`).catch(() => null))?.name ?? app.say("a_patient"),
        bed: await this.#house.bed(admission.bed_id),
      })),
    );
    if (turn !== this.#turn) return;
    fill(
      this.#panel,
      el("h2", { tabindex: -1 }, el("bdi", {}, one.name)),
      facts([
        [app.say("role"), app.say(`role_of_${one.role}`)],
        [app.say("duty"), app.say(`duty_${one.duty}`)],
        [app.say("duty_until"), one.until && app.time.moment(one.until)],
        [app.say("load"), `\u2066${one.load}/${one.max_load}\u2069`],
        [app.say("skills"), one.skills.join(", ")],
        [
          app.say("wards"),
          one.ward_ids
            .map((id) => this.#house.ward(id))
            .filter(Boolean)
            .join(", "),
        ],
      ]),
      el("h3", {}, app.say("patients_counted", { count: named.length })),
      el(
        "ul",
        { class: "ward-patients" },
        named.map(({ admission, name, bed }) =>
          el(
            "li",
            {},
            app.link(`\u2068${name}\u2069`, "ward", "backlog", admission.id),
            el("span", { class: "hint" }, ` ${[app.say(`acuity_${admission.acuity}`), bed].filter(Boolean).join(" · ")}`),
          ),
        ),
      ),
      named.length && app.can("clerk", "clinician", "admin", "integration")
        ? el(
            "p",
            { class: "choice" },
            button(app, "hand_over", (at) => this.#handOver(one, named, at), { key: "o", kind: "main" }),
          )
        : null,
    );
  }

  // All patients, or those that are ticked; to somebody, or each to whoever has fewest.
  #handOver(one, named, at) {
    const app = this.#app;
    const others = this.#list.items.filter((other) => other.role === one.role && other.staff_id !== one.staff_id && other.duty !== "off");
    return dialog(
      app.say("hand_over"),
      (close) =>
        new Form(app, {
          fields: [
            {
              name: "to_staff_id",
              word: "to_whom",
              type: "select",
              options: [
                ["", app.say("least_loaded_each")],
                ...others.map((other) => [other.staff_id, `${other.name} · ${other.load}/${other.max_load}`]),
              ],
            },
            {
              name: "admission_ids",
              word: "whom",
              type: "select",
              many: true,
              hint: "whom_hint",
              options: named.map(({ admission, name, bed }) => [admission.id, [name, bed].filter(Boolean).join(" · ")]),
            },
            { name: "note", word: "handover_note", type: "textarea", maxlength: 2_000 },
            { name: "reason", word: "reason_if_any", type: "textarea", maxlength: 500 },
          ],
          submit: "hand_over",
          cancel: () => close(),
          act: async ({ admission_ids: ids, ...body }, { form }) => {
            const answer = await app.act(
              (once) =>
                app.send("POST", `/staff/${one.staff_id}/handover/`, { ...body, ...(ids?.length ? { admission_ids: ids } : {}) }, once),
              {
                at,
                form,
                what: app.say("hand_over"),
                done: ({ body: found }) =>
                  app.say(found.left.length ? "handed_some_over" : "handed_over", { count: found.moved.length, left: found.left.length }),
              },
            );
            if (!answer) return;
            close(true);
            this.#again.want();
          },
        }).element,
    );
  }
}
