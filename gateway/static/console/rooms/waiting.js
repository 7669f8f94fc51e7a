// Appointments that wait for a room, in all clinics or in one: since when, until when somebody should have seen to it, and
// beside the list the one that is chosen. Live. Knows the list; the panel acts.

import { el, fill, sheet } from "../dom.js";
import { List } from "../list.js";
import { chip, heading } from "../parts.js";
import { Again } from "./again.js";
import { AppointmentPanel } from "./appointment.js";
import { Clinic } from "./clinic.js";
import { when } from "./times.js";

const LISTED = 1_000;

export default {
  async open(app, host) {
    await sheet("/static/console/rooms/rooms.css");
    const clinics = await app.all("/clinics/");
    const view = new WaitingView(app, clinics);
    host.append(view.element);
    await view.begin();
    return () => view.close();
  },
};

class WaitingView {
  #app;
  #clinics;
  #known = new Map();
  #panel;
  #list;
  #stop = () => {};
  #again;
  #count = el("p", { class: "hint", role: "status" });

  constructor(app, clinics) {
    this.#app = app;
    this.#clinics = clinics;
    this.#again = new Again(
      () => app.all("/escalations/", {}, LISTED),
      (found) => this.#take(found),
    );
    this.#panel = new AppointmentPanel(
      app,
      (id) => this.#clinic(id),
      () => this.#again.want(),
    );
    this.#list = new List({
      label: app.say("waiting_for_room"),
      empty: app.say("nobody_waits_for_room"),
      stays: true,
      row: (one) => this.#row(one),
      onChoose: (one) => (one ? this.#panel.show(one.id) : this.#panel.clear()),
      onOpen: () => this.#panel.element.querySelector("button")?.focus(),
    });
    this.element = el(
      "div",
      {},
      heading(app.say("waiting_for_room")),
      this.#count,
      el("div", { class: "columns" }, this.#list.element, this.#panel.element),
    );
  }

  async begin() {
    this.#take(await this.#app.all("/escalations/", {}, LISTED));
    const topics = this.#clinics.map(({ id }) => `clinic:${id}`);
    if (!topics.length) return;
    this.#stop = this.#app.follow(topics, {
      snapshot: () => this.#again.want(),
      messages: () => this.#again.want(),
      stale: (yes) => !yes && this.#again.want(),
    });
  }

  close() {
    this.#again.close();
    this.#stop();
  }

  #take(found) {
    this.#list.set(found);
    fill(this.#count, this.#app.say("without_room", { count: found.length }));
  }

  #row(one) {
    const app = this.#app;
    const { deadline } = one.escalation;
    const clinic = this.#clinics.find(({ id }) => id === one.clinic_id);
    return [
      el("span", { class: "grow" }, when(app, one.start_time, one.end_time), " · ", el("bdi", {}, clinic?.name ?? "")),
      Date.parse(deadline) <= Date.now()
        ? chip("warn", app.say("overdue"))
        : chip("wait", app.say("room_by", { time: app.time.moment(deadline) })),
    ];
  }

  async #clinic(id) {
    if (!this.#known.has(id))
      this.#known.set(id, Clinic.open(this.#app, this.#clinics.find((one) => one.id === id) ?? (await this.#app.get(`/clinics/${id}/`))));
    return this.#known.get(id);
  }
}
