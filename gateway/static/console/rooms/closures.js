// When rooms are closed: those that count, and a new one, which first says whom it would meet and what would become of
// them. Administrators close and open; everybody may look.

import { dialog } from "../dialog.js";
import { el, fill, sheet } from "../dom.js";
import { Form } from "../form.js";
import { button, empty, heading, table } from "../parts.js";
import { Clinic } from "./clinic.js";
import { firstTime, when } from "./times.js";

const KINDS = ["maintenance", "cleaning", "blocked", "closed"];
const HOUR = 3_600_000; // ms
const USUAL = 2; // hours
const REPEATS = { "": "once", "FREQ=DAILY": "daily", "FREQ=WEEKLY": "weekly" };

export default {
  async open(app, host, place) {
    await sheet("/static/console/rooms/rooms.css");
    const clinics = await app.all("/clinics/");
    if (!clinics.length) {
      host.append(
        heading(app.say("closures")),
        empty(app.say("no_clinics"), app.can("admin") && app.link(app.say("set_up_rooms"), "admin", "rooms")),
      );
      return;
    }
    const clinic = await Clinic.open(app, clinics.find(({ id }) => id === place.id) ?? clinics[0]);
    const view = new ClosuresView(app, clinics, clinic, place.query);
    host.append(view.element);
    await view.ask();
  },
};

class ClosuresView {
  #app;
  #clinic;
  #listed = el("div", {});

  constructor(app, clinics, clinic, query) {
    this.#app = app;
    this.#clinic = clinic;
    const picked = el(
      "select",
      { aria: { label: app.say("clinic") }, onChange: () => app.router.go(`/console/rooms/closures/${picked.value}`) },
      clinics.map(({ id, name }) => el("option", { value: id, selected: id === clinic.id }, name)),
    );
    this.element = el(
      "div",
      {},
      heading(app.say("closures"), picked),
      el(
        "div",
        { class: app.can("admin") ? "columns" : "" },
        app.can("admin") ? el("section", { class: "panel" }, el("h2", {}, app.say("close_a_room")), this.#form(query).element) : null,
        el("section", {}, el("h2", {}, app.say("closures_now")), this.#listed),
      ),
    );
  }

  async ask() {
    const app = this.#app;
    const found = await app.all("/closures/", { clinic_id: this.#clinic.id });
    const cells = (one) => [
      el("bdi", {}, this.#clinic.room(one.room_id)),
      app.say(one.kind),
      when(app, one.next_start_time ?? one.start_time, one.next_end_time ?? one.end_time),
      one.rrule ? app.say(REPEATS[one.rrule.split(";")[0]] ?? "again") : "",
      one.reason ?? "",
      app.can("admin") ? button(app, "open_again", (at) => this.#remove(one, at), { kind: "danger" }) : "",
    ];
    const heads = ["room", "kind", "time", "repeat", "reason"].map((word) => app.say(word));
    fill(
      this.#listed,
      found.length ? table(app.say("closures_now"), [...heads, app.say("actions")], found.map(cells)) : empty(app.say("no_closures")),
    );
  }

  #form(query) {
    const app = this.#app;
    const begins = firstTime(app, query.get("date"), HOUR);
    return new Form(app, {
      fields: [
        {
          name: "room_id",
          word: "room",
          type: "select",
          required: true,
          options: this.#clinic.rooms.map(({ id, name }) => [id, name]),
          value: query.get("room") ?? "",
        },
        { name: "kind", word: "kind", type: "select", options: KINDS.map((kind) => [kind, app.say(kind)]) },
        { name: "start_time", word: "begins", type: "moment", required: true, value: begins },
        {
          name: "end_time",
          word: "ends",
          type: "moment",
          required: true,
          value: new Date(Date.parse(begins) + USUAL * HOUR).toISOString(),
        },
        { name: "rrule", word: "repeat", type: "select", options: Object.entries(REPEATS).map(([rule, word]) => [rule, app.say(word)]) },
        {
          name: "affected",
          word: "affected",
          type: "select",
          options: [
            ["keep", app.say("affected_keep")],
            ["move", app.say("affected_move")],
          ],
        },
        { name: "reason", word: "reason_if_any", type: "textarea", maxlength: 500 },
      ],
      submit: "look_whom_it_meets",
      act: (values, how) => this.#try(values, how),
    });
  }

  // First what would become of whom; only then, and only by a second press, it is so.
  async #try(values, { at, form }) {
    const app = this.#app;
    const dry = await app.act((once) => app.send("POST", "/closures/", { ...values, dry_run: true }, { ...once, keep: false }), {
      at,
      form,
    });
    if (!dry) return;
    const { affected, affected_count: count, outcomes } = dry.body;
    const fates = new Map(outcomes.map((one) => [one.appointment_id, one]));
    const sure = await dialog(app.say("close_a_room"), (close) =>
      el(
        "div",
        {},
        el("p", {}, app.say("closure_meets", { count })),
        el(
          "ul",
          {},
          affected.map((one) => el("li", {}, `${when(app, one.start_time, one.end_time)} · ${this.#fate(fates.get(one.id))}`)),
        ),
        el(
          "p",
          { class: "choice" },
          button(app, "close_it", () => close(true), { kind: "main", key: "c" }),
          button(app, "never_mind", () => close(null)),
        ),
      ),
    );
    if (!sure) return;
    const answer = await app.act((once) => app.send("POST", "/closures/", values, once), {
      at,
      form,
      what: app.say("close_a_room"),
      done: () => app.say("room_closed_from", { room: this.#clinic.room(values.room_id), time: app.time.moment(values.start_time) }),
    });
    if (answer) await this.ask();
  }

  #fate(fate) {
    const app = this.#app;
    const word = `fate_${fate?.outcome ?? "kept"}`;
    return app.language.knows(word) ? app.say(word, { room: this.#clinic.room(fate?.room_id) }) : (fate?.outcome ?? "");
  }

  async #remove(one, at) {
    const app = this.#app;
    const answer = await app.act((once) => app.send("DELETE", `/closures/${one.id}/`, null, once), {
      at,
      what: app.say("open_again"),
      done: () => app.say("room_open_again", { room: this.#clinic.room(one.room_id) }),
    });
    if (answer) await this.ask();
  }
}
