// Who works on the wards and what the wards are called: names that every view of them looks up, asked for once. Knows
// names; not who lies where.

export class House {
  #app;
  #staff = new Map();
  #beds = new Map();
  wards = [];

  constructor(app) {
    this.#app = app;
  }

  static async open(app) {
    const house = new House(app);
    const [wards, staff] = await Promise.all([app.all("/wards/"), app.all("/staff/")]);
    house.wards = wards;
    for (const one of staff) house.#staff.set(one.id, one);
    return house;
  }

  get staff() {
    return [...this.#staff.values()];
  }

  ward(id) {
    return this.wards.find((ward) => ward.id === id)?.name ?? "";
  }

  // Somebody who is new here is asked for, and so is whoever has left.
  async member(id) {
    if (!id) return "";
    if (!this.#staff.has(id)) {
      const found = await this.#app.get(`/staff/${id}/`).catch(() => null);
      if (!found) return "";
      this.#staff.set(id, found);
    }
    return this.#staff.get(id).name;
  }

  async bed(id) {
    if (!id) return "";
    if (!this.#beds.has(id)) {
      const found = await this.#app.get(`/beds/${id}/`).catch(() => null);
      if (!found) return "";
      this.#beds.set(id, found.label);
    }
    return this.#beds.get(id);
  }
}
