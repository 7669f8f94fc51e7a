// Sets up wards and their beds: what a ward takes, which beds stand in which room, what each bed has. For administrators.

import { confirm } from "../dialog.js";
import { el, fill, sheet } from "../dom.js";
import { Form } from "../form.js";
import { List } from "../list.js";
import { button, chip, empty, heading, table } from "../parts.js";

const MOST = 60; // beds added at one go
const GENDERS = ["", "female", "male"];

export default {
  async open(app, host, place) {
    await sheet("/static/console/ward/ward.css");
    const view = new WardsView(app);
    host.append(view.element);
    await view.ask(place.id);
  },
};

class WardsView {
  #app;
  #list;
  #side = el("div", { class: "ward-form" });
  #turn = 0;

  constructor(app) {
    this.#app = app;
    this.#list = new List({
      label: app.say("wards"),
      empty: app.say("no_wards"),
      row: (ward) => [
        el("bdi", { class: "grow" }, ward.name),
        el("span", { class: "faint" }, app.say("beds_counted", { count: bedsOf(ward) })),
      ],
      onChoose: (ward) => (ward ? this.#show(ward) : this.#fresh()),
      onOpen: () => this.#side.querySelector("input")?.focus(),
    });
    this.element = el(
      "div",
      {},
      heading(
        app.say("wards"),
        button(app, "add_ward", () => this.#fresh(true), { key: "n", kind: "main" }),
      ),
      el("div", { class: "columns" }, this.#list.element, this.#side),
    );
  }

  // The wards as they are, with one of them chosen.
  async ask(id = "", turn = this.#turn) {
    const wards = await this.#app.all("/wards/");
    const gone = turn !== this.#turn; // on to another one since
    this.#list.set(wards);
    if (gone) return;
    const there = this.#list.items.find((ward) => ward.id === id);
    if (there && this.#list.chosen?.id === id) await this.#show(there);
    else if (there) this.#list.choose(id, { show: true });
    else this.#fresh();
  }

  #fresh(focus = false) {
    this.#turn += 1;
    const form = this.#wardForm("add_ward", {}, (body, once) => this.#app.send("POST", "/wards/", body, once));
    fill(this.#side, el("section", { class: "panel" }, el("h2", {}, this.#app.say("add_ward")), form.element));
    if (focus) form.focus();
  }

  async #show(ward) {
    const app = this.#app;
    const turn = (this.#turn += 1);
    const beds = await app.all("/beds/", { ward_id: ward.id }, 2_000);
    if (turn !== this.#turn) return;
    const form = this.#wardForm("save", ward, (body, once) =>
      app.send("PUT", `/wards/${ward.id}/`, body, { ...once, version: ward.version }),
    );
    fill(
      this.#side,
      el(
        "section",
        { class: "panel" },
        el("h2", {}, el("bdi", {}, ward.name)),
        form.element,
        el(
          "p",
          { class: "choice" },
          app.link(app.say("beds"), "ward", "beds", ward.id),
          button(app, "close_ward", (at) => this.#close(ward, at), { kind: "danger" }),
        ),
      ),
      el("section", { class: "panel" }, el("h2", {}, app.say("add_beds")), this.#bedForm(ward).element),
      el("section", { class: "panel" }, el("h2", {}, app.say("beds")), beds.length ? this.#beds(ward, beds) : empty(app.say("no_beds"))),
    );
  }

  #beds(ward, beds) {
    const app = this.#app;
    const told = (bed) => [bed.type, ...bed.equipment, bed.isolation ? app.say("isolation") : ""].filter(Boolean).join(", ");
    const rows = beds.map((bed) => [
      el("bdi", {}, bed.label),
      el("bdi", {}, bed.room),
      told(bed),
      chip("quiet", app.say(STATES[bed.state] ?? "closed")),
      button(app, "remove", (at) => this.#remove(ward, bed, at), { kind: "danger" }),
    ]);
    return table(
      app.say("beds"),
      ["bed", "room", "bed_type", "state", "actions"].map((word) => app.say(word)),
      rows,
    );
  }

  #wardForm(submit, ward, send) {
    const app = this.#app;
    const age = { type: "number", min: 0, max: 150 };
    return new Form(app, {
      classes: "ward-fields",
      fields: [
        { name: "name", word: "ward_name", required: true, maxlength: 200, value: ward.name },
        { name: "specialty", word: "specialty", maxlength: 200, value: ward.specialty },
        {
          name: "gender",
          word: "takes",
          type: "select",
          options: GENDERS.map((gender) => [gender, app.say(`takes_${gender || "all"}`)]),
          value: ward.gender ?? "",
        },
        { name: "min_age", word: "min_age", ...age, value: ward.min_age ?? "" },
        { name: "max_age", word: "max_age", ...age, value: ward.max_age ?? "" },
        { name: "mixed_rooms", word: "mixed_rooms", type: "checkbox", value: ward.mixed_rooms },
        { name: "mixed_ages", word: "mixed_ages", type: "checkbox", value: ward.mixed_ages },
        { name: "cleaning_minutes", word: "cleaning_minutes", type: "number", min: 0, max: 1_440, value: ward.cleaning_minutes ?? 30 },
      ],
      submit,
      act: async (body, how) => {
        const turn = this.#turn;
        const answer = await app.act((once) => send(body, once), {
          ...how,
          what: app.say(submit),
          done: () => app.say("ward_saved", { name: `\u2068${body.name}\u2069` }),
        });
        if (answer) await this.ask(answer.body.id, turn);
      },
    });
  }

  // Several beds of one kind at once, one a line; each has a key of its own, made of the one of the whole.
  #bedForm(ward) {
    const app = this.#app;
    return new Form(app, {
      classes: "ward-fields",
      fields: [
        { name: "labels", word: "labels", type: "textarea", rows: 3, required: true, hint: "labels_hint" },
        { name: "room", word: "room", maxlength: 60, hint: "bed_room_hint" },
        { name: "type", word: "bed_type", maxlength: 60, value: "general" },
        { name: "equipment", word: "equipment", maxlength: 500, hint: "comma_hint" },
        { name: "isolation", word: "fit_for_isolation", type: "checkbox" },
      ],
      submit: "add_beds",
      act: async ({ labels, equipment = "", ...bed }, how) => {
        const turn = this.#turn;
        const names = distinct(labels, /[\n,]/).slice(0, MOST);
        const body = { ...bed, equipment: distinct(equipment, /,/) };
        const run = async (once) => {
          for (const [place, label] of names.entries())
            await app.send("POST", `/wards/${ward.id}/beds/`, { ...body, label }, { ...once, key: `${once.key}-${place}` });
        };
        await app.act(run, { ...how, what: app.say("add_beds"), done: () => app.say("beds_added", { count: names.length }) });
        await this.ask(ward.id, turn);
      },
    });
  }

  async #close(ward, at) {
    const app = this.#app;
    const said = await confirm(app, {
      title: app.say("close_ward"),
      text: app.say("close_ward_hint", { name: `\u2068${ward.name}\u2069` }),
      word: "close_ward",
      danger: true,
    });
    if (!said) return;
    const answer = await app.act((once) => app.send("DELETE", `/wards/${ward.id}/`, null, once), {
      at,
      what: app.say("close_ward"),
      done: () => app.say("ward_closed"),
    });
    if (answer) await this.ask();
  }

  async #remove(ward, bed, at) {
    const app = this.#app;
    const turn = this.#turn;
    const answer = await app.act((once) => app.send("DELETE", `/beds/${bed.id}/`, null, once), {
      at,
      what: app.say("remove"),
      done: () => app.say("bed_removed", { name: `\u2068${bed.label}\u2069` }),
    });
    if (answer) await this.ask(ward.id, turn);
  }
}

const STATES = {
  unoccupied: "available",
  reserved: "reserved",
  occupied: "occupied",
  housekeeping: "cleaning",
  contaminated: "contaminated",
  isolated: "kept_empty",
  closed: "closed",
};

function bedsOf(ward) {
  return Object.values(ward.beds).reduce((sofar, count) => sofar + count, 0);
}

function distinct(text, between) {
  return [
    ...new Set(
      text
        .split(between)
        .map((one) => one.trim())
        .filter(Boolean),
    ),
  ];
}
