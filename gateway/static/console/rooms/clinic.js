// A clinic as its desk needs it: its rooms, its doctors, and what its rules are called. Asked for once, and the names
// of rules when a version of them is met. Knows names; not what is booked.

import { doctorNames, doctors } from "../directory.js";

export class Clinic {
  #app;
  #rules = new Map(); // version of the rules → names by id

  constructor(app, { id, name, settings }, rooms) {
    this.#app = app;
    this.id = id;
    this.name = name;
    this.settings = settings;
    this.rooms = rooms;
  }

  static async open(app, clinic) {
    return new Clinic(app, clinic, await app.all("/rooms/", { clinic_id: clinic.id }));
  }

  // A room that has been taken out of the clinic since has no name any more.
  room(id) {
    return this.rooms.find((room) => room.id === id)?.name ?? (id ? this.#app.say("another_room") : "");
  }

  get types() {
    return [...new Set(this.rooms.map((room) => room.type).filter(Boolean))].sort();
  }

  get equipment() {
    return [...new Set(this.rooms.flatMap((room) => room.equipment))].sort();
  }

  async doctors() {
    return [...(await doctors(this.#app))].sort((one, other) => one.name.localeCompare(other.name));
  }

  async doctor(id) {
    return (await doctorNames(this.#app, [id])).get(id) ?? "";
  }

  // The names of the rules of a version by their ids; none where there were no rules yet.
  async rules(version) {
    if (!version) return new Map();
    if (!this.#rules.has(version)) {
      const listed = await this.#app.all("/rules/", { clinic_id: this.id, version });
      this.#rules.set(version, new Map(listed.map(({ id, rule }) => [id, rule.name])));
    }
    return this.#rules.get(version);
  }
}
