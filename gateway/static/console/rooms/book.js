// Books a room: for whom, with whom, when and what is needed. Beside the form stands which room it would be and why, as
// the engine has it at that moment; after the booking the appointment itself, with the next rooms a key away.

import { el, fill, sheet } from "../dom.js";
import { Form } from "../form.js";
import { button, empty, heading } from "../parts.js";
import { AppointmentPanel } from "./appointment.js";
import { attempt } from "./attempt.js";
import { Clinic } from "./clinic.js";
import { PatientFinder } from "./patients.js";
import { Preview } from "./preview.js";
import { firstTime, when } from "./times.js";

const MINUTE = 60_000;
const QUARTER = 15 * MINUTE;
const USUAL = 30; // minutes
const THEIRS = 5; // appointments of a patient that are listed
const DAILY = "FREQ=DAILY";
const WEEKLY = "FREQ=WEEKLY";

export default {
  async open(app, host, place) {
    await sheet("/static/console/rooms/rooms.css");
    const clinics = await app.all("/clinics/");
    if (!clinics.length) {
      host.append(
        heading(app.say("book")),
        empty(app.say("no_clinics"), app.can("admin") && app.link(app.say("set_up_rooms"), "admin", "rooms")),
      );
      return () => {};
    }
    const clinic = await Clinic.open(app, clinics.find(({ id }) => id === place.id) ?? clinics[0]);
    const view = new BookView(app, clinics, clinic, await clinic.doctors(), place.query);
    host.append(view.element);
    if (place.query.get("patient")) await view.patients.choose(place.query.get("patient")).catch(() => {});
    return () => view.close();
  },
};

class BookView {
  #app;
  #clinic;
  #form;
  #preview;
  #panel;
  #aside = el("div", {});
  #theirs = el("section", { class: "panel", hidden: true });
  patients;

  constructor(app, clinics, clinic, doctors, query) {
    this.#app = app;
    this.#clinic = clinic;
    this.patients = new PatientFinder(app, (patient) => {
      this.#look();
      this.#list(patient);
    });
    this.#preview = new Preview(app, clinic);
    this.#panel = new AppointmentPanel(app, async () => clinic);
    this.#form = this.#made(clinics, clinic, doctors, query);
    fill(this.#aside, this.#preview.element);
    this.element = el(
      "div",
      { class: "room-book" },
      heading(app.say("book"), app.link(app.say("to_day"), "rooms", "day", clinic.id)),
      el(
        "div",
        { class: "columns" },
        el("div", { class: "room-form" }, this.patients.element, this.#theirs, el("div", { class: "panel" }, this.#form.element)),
        this.#aside,
      ),
    );
    this.#form.element.addEventListener("change", () => this.#look());
    this.#look();
  }

  close() {
    this.#preview.close();
  }

  #made(clinics, clinic, doctors, query) {
    const app = this.#app;
    const words = (names) => names.map((name) => [name, name]);
    const any = (word, options) => [["", app.say(word)], ...options];
    return new Form(app, {
      classes: "room-fields",
      fields: [
        {
          name: "clinic_id",
          word: "clinic",
          type: "select",
          options: clinics.map(({ id, name }) => [id, name]),
          value: clinic.id,
          onChange: (event) => this.#otherClinic(event.target.value),
        },
        {
          name: "doctor_id",
          word: "doctor",
          type: "select",
          required: true,
          options: any(
            "choose_doctor",
            doctors.map(({ id, name, specialization }) => [id, `${name} · ${specialization}`]),
          ),
        },
        { name: "start", word: "begins", type: "moment", required: true, step: 300, value: firstTime(app, query.get("date"), QUARTER) },
        {
          name: "minutes",
          word: "minutes_long",
          type: "number",
          required: true,
          min: 5,
          step: 5,
          max: clinic.settings.longest_minutes,
          value: USUAL,
        },
        {
          name: "room_id",
          word: "room",
          type: "select",
          options: any(
            "best_room",
            clinic.rooms.map(({ id, name }) => [id, name]),
          ),
          value: query.get("room") ?? "",
        },
        { name: "room_type", word: "room_type", type: "select", options: any("any", words(clinic.types)) },
        clinic.equipment.length && {
          name: "required_equipment",
          word: "equipment",
          type: "select",
          many: true,
          options: words(clinic.equipment),
        },
        { name: "isolation", word: "isolation", type: "checkbox" },
        { name: "accessible", word: "accessible", type: "checkbox" },
        {
          name: "fallback",
          word: "if_no_room",
          type: "select",
          options: [
            ["reject", app.say("fallback_reject")],
            ["unassigned", app.say("fallback_unassigned")],
          ],
        },
        {
          name: "repeat",
          word: "repeat",
          type: "select",
          options: [
            ["", app.say("once")],
            [DAILY, app.say("daily")],
            [WEEKLY, app.say("weekly")],
          ],
        },
        { name: "times", word: "how_often", type: "number", min: 2, max: 60, value: 4 },
        { name: "note", word: "note", type: "textarea", maxlength: 500 },
      ],
      submit: "book_it",
      more: [button(app, "hold_it", (at) => this.#hold(at), { key: "h" })],
      act: (values, how) => this.#book(values, how),
    });
  }

  #otherClinic(id) {
    const patient = this.patients.chosen?.id;
    this.#app.router.go(`/console/rooms/book/${id}${patient ? `?patient=${patient}` : ""}`);
  }

  // What this patient has here already, the latest day first: to be changed, or not to be booked twice.
  async #list(patient) {
    const app = this.#app;
    this.#theirs.hidden = true;
    if (!patient) return;
    const { items } = await app
      .get("/appointments/", { patient_id: patient.id, clinic_id: this.#clinic.id, limit: THEIRS })
      .catch(() => ({ items: [] }));
    if (!items.length || this.patients.chosen !== patient) return;
    fill(
      this.#theirs,
      el("h2", {}, app.say("of_this_patient")),
      el(
        "ul",
        { class: "room-found" },
        items.map((one) =>
          el(
            "li",
            {},
            button(app, "", () => this.#booked(one, false), {
              label: `${when(app, one.start_time, one.end_time)} · ${one.room_name ?? app.say("no_room")} · ${app.say(`status_${one.status}`)}`,
            }),
          ),
        ),
      ),
    );
    this.#theirs.hidden = false;
  }

  // The command's members; what only the form knows is left out.
  #body({ start, minutes, repeat, times, fallback, ...values }) {
    const end = new Date(Date.parse(start) + minutes * MINUTE).toISOString();
    return { ...values, patient_id: this.patients.chosen?.id, start_time: start, end_time: end };
  }

  #look() {
    const values = this.#form.values();
    const once = values.repeat === undefined;
    this.#form.input("times").closest(".field").hidden = once;
    if (!values.start || !values.minutes || !values.doctor_id) return this.#preview.idle();
    fill(this.#aside, this.#preview.element);
    this.#preview.ask(this.#body(values));
  }

  async #book(values, { at, form }) {
    if (!this.patients.chosen) return this.patients.missing();
    const body = { ...this.#body(values), fallback: values.fallback };
    if (values.repeat) return this.#series(body, values, at, form);
    const app = this.#app;
    const answer = await attempt(app, this.#clinic, {
      at,
      form,
      body,
      what: app.say("book_it"),
      send: (asked, once) => app.send("POST", "/appointments/", asked, once),
      done: ({ body: one }) =>
        app.say(one.room_id ? "booked_in" : "booked_without", { room: one.room_name, time: when(app, one.start_time, one.end_time) }),
    });
    if (answer) this.#booked(answer.body);
  }

  async #hold(at) {
    if (!this.patients.chosen) return this.patients.missing();
    const app = this.#app;
    const answer = await attempt(app, this.#clinic, {
      at,
      form: this.#form,
      body: this.#body(this.#form.values()),
      what: app.say("hold_it"),
      unassigned: false,
      send: (asked, once) => app.send("POST", "/appointments/holds/", asked, once),
      done: ({ body: one }) => app.say("held_in", { room: one.room_name, time: app.time.clock(one.expires_at) }),
    });
    if (answer) this.#booked(answer.body);
  }

  async #series(body, { repeat, times = 2 }, at, form) {
    const app = this.#app;
    const answer = await app.act(
      (once) => app.send("POST", "/appointments/series/", { ...body, rrule: `${repeat};COUNT=${times}`, mode: "skip" }, once),
      {
        at,
        form,
        what: app.say("book_it"),
        done: ({ body: made }) => app.say("series_booked", { count: made.appointments.length }),
      },
    );
    if (!answer) return;
    const { appointments, skipped } = answer.body;
    this.patients.clear();
    fill(
      this.#aside,
      el(
        "section",
        { class: "panel", aria: { live: "polite" } },
        el("h2", { tabindex: -1 }, app.say("series_booked", { count: appointments.length })),
        el(
          "ul",
          {},
          appointments.map((one) => el("li", {}, `${when(app, one.start_time, one.end_time)} · ${one.room_name ?? app.say("no_room")}`)),
        ),
        skipped.length ? el("h3", {}, app.say("left_out", { count: skipped.length })) : null,
        el(
          "ul",
          {},
          skipped.map(({ start_time: from, local, code, detail }) =>
            el(
              "li",
              {},
              `${from ? app.time.moment(from) : local} · ${app.language.knows(`refused_${code}`) ? app.say(`refused_${code}`, { detail }) : detail}`,
            ),
          ),
        ),
      ),
    );
    this.#aside.querySelector("h2").focus();
  }

  // The appointment stands beside the form, which is ready for the next patient.
  async #booked(one, fresh = true) {
    if (fresh) this.patients.clear();
    fill(this.#aside, this.#panel.element);
    await this.#panel.show(one.id);
    this.#panel.element.querySelector("h2")?.focus();
  }
}
