// Who waits for a doctor, a nurse or a bed, in the order in which they are served, with the reason; or who has been
// admitted. Beside the list the one that is chosen. Live. Knows the list; the panel acts.

import { Elapsed } from "/static/board/elapsed.js";
import { el, fill, sheet } from "../dom.js";
import { List } from "../list.js";
import { button, chip, heading } from "../parts.js";
import { Again } from "../rooms/again.js";
import { AdmissionPanel } from "./admission.js";
import { House } from "./house.js";

const LISTED = 1_000;
const REASONS = ["no_bed", "no_staff", "no_skill", "timeout"];
const SHOWN = ["waiting", "assigned", "handed_over"];
const KINDS = { critical: "warn", high: "bad", medium: "wait", low: "quiet" };

export default {
  async open(app, host, place) {
    await sheet("/static/console/ward/ward.css");
    const view = new BacklogView(app, await House.open(app), place);
    host.append(view.element);
    await view.begin(place.id);
    return () => view.close();
  },
};

class BacklogView {
  #app;
  #house;
  #names = new Map(); // patients' names that were asked for, by id
  #panel;
  #list;
  #again;
  #stop = () => {};
  #elapsed;
  #counts = el("p", { class: "hint", role: "status" });
  #which;
  #ward;

  constructor(app, house) {
    this.#app = app;
    this.#house = house;
    this.#elapsed = new Elapsed(app.language.code);
    this.#again = new Again(
      () => this.#ask(),
      (found) => this.#take(found),
    );
    this.#panel = new AdmissionPanel(app, house, () => this.#again.want());
    const select = (word, options) =>
      el(
        "select",
        {
          aria: { label: app.say(word) },
          onChange: () => {
            this.#list.choose(null);
            this.#again.want();
          },
        },
        options.map(([value, text]) => el("option", { value }, text)),
      );
    this.#which = select(
      "admissions",
      SHOWN.map((status) => [status, app.say(`admission_${status}`)]),
    );
    this.#ward = select("ward", [["", app.say("all_wards")], ...house.wards.map(({ id, name }) => [id, name])]);
    this.#list = new List({
      label: app.say("admissions"),
      empty: app.say("nobody_waits"),
      height: 60,
      stays: true,
      row: (one) => this.#row(one),
      onChoose: (one) => (one ? this.#panel.show(one.id) : this.#panel.clear()),
      onOpen: () => this.#panel.focus(),
    });
    this.element = el(
      "div",
      {},
      heading(
        app.say("backlog"),
        this.#which,
        this.#ward,
        button(app, "admit", () => app.go("ward", "admit"), { key: "a", kind: "main" }),
      ),
      this.#counts,
      el("div", { class: "columns" }, this.#list.element, this.#panel.element),
    );
  }

  async begin(id) {
    this.#take(await this.#ask());
    if (id) await this.#panel.show(id);
    this.#stop = this.#app.follow(["admissions"], {
      snapshot: () => this.#again.want(),
      messages: (messages) => {
        this.#again.want();
        if (messages.some((one) => one.admission_id === this.#panel.id)) this.#panel.show(this.#panel.id);
      },
      stale: (yes) => !yes && this.#again.want(),
    });
  }

  close() {
    this.#again.close();
    this.#stop();
  }

  async #ask() {
    const [status, ward] = [this.#which.value, this.#ward.value];
    if (status === "waiting") return this.#app.get("/backlog/", { ward_id: ward, limit: LISTED });
    const items = await this.#app.all("/admissions/", { status, ward_id: ward }, LISTED);
    return { items, total: items.length, counts: {} };
  }

  #take({ items, total, counts }) {
    const app = this.#app;
    const told = REASONS.filter((reason) => counts[reason]).map((reason) => `${app.say(`waits_${reason}`)}: ${counts[reason]}`);
    fill(this.#counts, [app.say("admissions_counted", { count: total }), ...told].join(" · "));
    this.#list.set(items);
  }

  #row(one) {
    const app = this.#app;
    const name = el("bdi", { class: "grow" }, this.#names.get(one.patient_id) ?? "…");
    if (!this.#names.has(one.patient_id)) this.#name(one.patient_id, name);
    const since = one.waiting_since ?? one.assigned_at ?? one.admitted_at;
    return [
      chip(KINDS[one.acuity], app.say(`acuity_${one.acuity}`)),
      name,
      el("span", { class: "faint" }, one.reason ? app.say(`waits_${one.reason}`) : this.#house.ward(one.ward_id)),
      el("span", { class: "faint" }, this.#elapsed.of(Date.now() - Date.parse(since))),
    ];
  }

  // Only of the rows in view: each look at a name is written down.
  async #name(id, element) {
    const found = await this.#app.get(`/patients/${id}/`).catch(() => null);
    this.#names.set(id, found?.name ?? this.#app.say("a_patient"));
    fill(element, this.#names.get(id));
  }
}
