// One appointment: whose it is, when, where and why there, and each step that can be done now. Everything that rooms
// show leads here. Knows an appointment and its steps; not the day around it.

import { confirm, dialog } from "../dialog.js";
import { el, fill } from "../dom.js";
import { Form } from "../form.js";
import { button, chip, facts, failure } from "../parts.js";
import { attempt } from "./attempt.js";
import { reasons } from "./reasons.js";
import { when } from "./times.js";

const KINDS = {
  held: "wait",
  booked: "wait",
  checked_in: "good",
  in_progress: "good",
  completed: "quiet",
  cancelled: "bad",
  no_show: "bad",
};
const MINUTE = 60_000;
const LEAST_REASON = 10; // letters, where a room is changed

export class AppointmentPanel {
  #app;
  #clinicOf;
  #changed;
  #turn = 0;
  #shown = null;
  #names = new Map(); // patients' names that were asked for, by id: after a step nothing is waited for

  // `clinicOf(id)`: the clinic of an appointment; `changed(appointment)`: a step was done.
  constructor(app, clinicOf, changed = () => {}) {
    this.#app = app;
    this.#clinicOf = clinicOf;
    this.#changed = changed;
    this.element = el("section", { class: "panel appointment", aria: { label: app.say("appointment"), live: "polite" } });
    this.clear();
  }

  get id() {
    return this.#shown;
  }

  clear(text = this.#app.say("choose_one")) {
    this.#turn += 1;
    this.#shown = null;
    fill(this.element, el("p", { class: "empty" }, text));
  }

  // Shows what something else than an appointment is.
  put(...children) {
    this.#turn += 1;
    this.#shown = null;
    fill(this.element, children);
  }

  async show(id) {
    const turn = (this.#turn += 1);
    if (this.#shown !== id) fill(this.element, el("p", { class: "loading" }, this.#app.say("loading")));
    this.#shown = id;
    try {
      const one = await this.#app.get(`/appointments/${id}/`);
      await this.#draw(one, turn);
    } catch (error) {
      if (turn === this.#turn)
        fill(
          this.element,
          failure(this.#app, error, () => this.show(id)),
        );
    }
  }

  async #draw(one, turn) {
    const app = this.#app;
    const clinic = await this.#clinicOf(one.clinic_id);
    const [doctor, patient, names] = await Promise.all([
      clinic.doctor(one.doctor_id),
      this.#patient(one.patient_id),
      clinic.rules(one.assignment?.rule_version ?? 0).catch(() => new Map()),
    ]);
    if (turn !== this.#turn) return;
    const focused = this.element.contains(document.activeElement);
    fill(
      this.element,
      el("h2", { tabindex: -1 }, el("bdi", {}, patient)),
      el(
        "p",
        {},
        chip(KINDS[one.status] ?? "quiet", app.say(`status_${one.status}`)),
        " ",
        one.escalation?.status === "open" ? chip("warn", app.say("waits_for_room")) : null,
      ),
      facts([
        [app.say("time"), when(app, one.start_time, one.end_time)],
        [app.say("room"), one.room_id ? (one.room_name ?? app.say("another_room")) : app.say("no_room")],
        [app.say("doctor"), doctor],
        [app.say("held_until"), one.expires_at && app.time.clock(one.expires_at)],
        [app.say("room_by_time"), one.escalation?.status === "open" ? app.time.moment(one.escalation.deadline) : ""],
        [app.say("cleaned_until"), one.busy_to && one.busy_to > one.end_time ? app.time.clock(one.busy_to) : ""],
        [app.say("arrived_at"), one.checked_in_at && app.time.clock(one.checked_in_at)],
        [app.say("note"), one.note],
        [app.say("reason"), one.reason],
      ]),
      el("div", { class: "choice" }, this.#steps(one, clinic)),
      reasons(app, clinic, one.assignment, names),
      one.assignment?.alternatives.length && can(one, "room") ? this.#others(one, clinic) : null,
      one.series_id
        ? el(
            "p",
            {},
            button(app, "cancel_series", (at) => this.#cancelSeries(one, at), { kind: "danger" }),
          )
        : null,
    );
    if (focused) this.element.querySelector("h2").focus();
  }

  async #patient(id) {
    if (!this.#names.has(id)) {
      const found = await this.#app.get(`/patients/${id}/`).catch(() => null);
      if (!found) return this.#app.say("a_patient");
      this.#names.set(id, found.name);
    }
    return this.#names.get(id);
  }

  // The next rooms by the rules, each to be had with one press.
  #others(one, clinic) {
    const app = this.#app;
    return el(
      "section",
      {},
      el("h3", {}, app.say("next_rooms")),
      el(
        "ol",
        { class: "room-next" },
        one.assignment.alternatives.map(({ room_id: id, score }, place) =>
          el(
            "li",
            {},
            button(app, "", (at) => this.#move(one, clinic, id, at), {
              key: "jkl"[place] ?? "",
              label: `${clinic.room(id)} · ${app.say("score_of", { score })}`,
            }),
          ),
        ),
      ),
    );
  }

  #steps(one, clinic) {
    const app = this.#app;
    if (!app.can("clerk", "clinician", "admin", "integration")) return [];
    const step = (word, path, key, kind = "") => button(app, word, (at) => this.#step(one, path, word, at), { key, kind });
    const asks = (word, run, key, kind = "") => button(app, word, (at) => run(at), { key, kind });
    const steps = {
      held: () => [step("confirm_hold", "confirm", "c", "main"), step("release_hold", "release", "x", "danger")],
      booked: () => [
        step("check_in", "check-in", "i", "main"),
        asks("reschedule", (at) => this.#reschedule(one, clinic, at), "r"),
        asks("change_room", (at) => this.#changeRoom(one, clinic, at), "o"),
        asks("mark_missed", (at) => this.#missed(one, at), "m"),
        asks("cancel_appointment", (at) => this.#cancel(one, at), "x", "danger"),
      ],
      checked_in: () => [
        step("start_it", "start", "s", "main"),
        asks("change_room", (at) => this.#changeRoom(one, clinic, at), "o"),
        asks("cancel_appointment", (at) => this.#cancel(one, at), "x", "danger"),
      ],
      in_progress: () => [step("complete_it", "complete", "c", "main")],
      completed: () =>
        app.can("clinician", "admin") && Date.parse(one.busy_to) > Date.now()
          ? [asks("room_is_clean", (at) => this.#clean(one, at), "c")]
          : [],
    };
    const made = steps[one.status]?.() ?? [];
    if (one.escalation?.status === "open") made.push(asks("without_a_room", (at) => this.#decline(one, at), "w"));
    return made;
  }

  async #step(one, path, word, at, body = {}) {
    const app = this.#app;
    const what = app.say(word);
    const answer = await app.act(
      (once) =>
        app.send("POST", `/appointments/${one.id}/${path}/`, body, {
          ...once,
          version: path === "confirm" || path === "release" ? null : one.version,
        }),
      {
        at,
        what,
        done: ({ body: found }) => app.say("step_done", { what, status: app.say(`status_${found?.status ?? "released"}`) }),
      },
    );
    this.#after(one, answer);
    return answer;
  }

  // What was done stands here at once; whoever shows the day looks again. Another one may have been chosen meanwhile.
  #after(one, answer) {
    if (this.#shown === one.id) {
      if (answer?.body) this.#draw(answer.body, (this.#turn += 1));
      else if (answer) this.clear();
      else this.show(one.id);
    }
    if (answer) this.#changed(answer.body ?? one);
  }

  async #asking(one, path, word, at, { reason = "asked", danger = false, text = "", body = {} } = {}) {
    const said = await confirm(this.#app, { title: this.#app.say(word), text, word, reason, danger });
    if (said) await this.#step(one, path, word, at, { ...body, ...(said.reason ? { reason: said.reason } : {}) });
  }

  #cancel(one, at) {
    return this.#asking(one, "cancel", "cancel_appointment", at, { danger: true, text: this.#app.say("cancel_hint") });
  }

  // Before it begins that is only so because somebody says it.
  #missed(one, at) {
    const early = Date.parse(one.start_time) > Date.now();
    return this.#asking(one, "no-show", "mark_missed", at, {
      danger: true,
      text: early ? this.#app.say("not_begun") : "",
      body: early ? { force: true } : {},
    });
  }

  #decline(one, at) {
    return this.#asking(one, "decline", "without_a_room", at, { reason: "needed" });
  }

  #clean(one, at) {
    const minutes = Math.max(0, Math.ceil((Date.now() - Date.parse(one.ended_at ?? one.end_time)) / MINUTE));
    return this.#asking(one, "turnover", "room_is_clean", at, { reason: "needed", body: { minutes } });
  }

  async #cancelSeries(one, at) {
    const app = this.#app;
    const said = await confirm(app, {
      title: app.say("cancel_series"),
      text: app.say("cancel_series_hint"),
      word: "cancel_series",
      reason: "asked",
      danger: true,
    });
    if (!said) return;
    const body = { from_time: one.start_time, ...(said.reason ? { reason: said.reason } : {}) };
    const answer = await app.act((once) => app.send("DELETE", `/series/${one.series_id}/`, body, once), {
      at,
      what: app.say("cancel_series"),
      done: () => app.say("series_cancelled"),
    });
    if (!answer) return;
    this.#changed(one);
    if (this.#shown === one.id) this.show(one.id);
  }

  // The next one by the rules, as the desk wants it; the log has a reason for each change of a room.
  async #move(one, clinic, room, at, reason = this.#app.say("reason_desk_chose")) {
    const app = this.#app;
    const send = (body, once) => app.send("PUT", `/appointments/${one.id}/room/`, body, { ...once, version: one.version });
    const answer = await attempt(app, clinic, {
      at,
      send,
      body: { room_id: room, reason },
      unassigned: false,
      what: app.say("change_room"),
      done: ({ body }) => app.say("moved_to", { room: body.room_name ?? clinic.room(body.room_id) }),
    });
    this.#after(one, answer);
  }

  #changeRoom(one, clinic, at) {
    const app = this.#app;
    const others = clinic.rooms.filter((room) => room.id !== one.room_id && room.is_available).map((room) => [room.id, room.name]);
    return dialog(
      app.say("change_room"),
      (close) =>
        new Form(app, {
          fields: [
            { name: "room", word: "room", type: "select", options: [["", app.say("best_other_room")], ...others] },
            { name: "reason", word: "reason", type: "textarea", required: true, minlength: LEAST_REASON, maxlength: 500 },
          ],
          submit: "change_room",
          cancel: () => close(),
          act: async ({ room = null, reason }) => {
            close();
            await this.#move(one, clinic, room, at, reason);
          },
        }).element,
    );
  }

  #reschedule(one, clinic, at) {
    const app = this.#app;
    const minutes = (Date.parse(one.end_time) - Date.parse(one.start_time)) / MINUTE;
    return dialog(
      app.say("reschedule"),
      (close) =>
        new Form(app, {
          fields: [
            { name: "start", word: "begins", type: "moment", required: true, value: one.start_time },
            {
              name: "minutes",
              word: "minutes_long",
              type: "number",
              required: true,
              min: 5,
              max: clinic.settings.longest_minutes,
              step: 5,
              value: minutes,
            },
            {
              name: "room_id",
              word: "room",
              type: "select",
              options: [["", app.say("best_room")], ...clinic.rooms.map((room) => [room.id, room.name])],
            },
            { name: "reason", word: "reason_if_any", type: "textarea", maxlength: 500 },
          ],
          submit: "reschedule",
          cancel: () => close(),
          act: async ({ start, minutes: long, ...more }) => {
            close();
            const body = { start_time: start, end_time: new Date(Date.parse(start) + long * MINUTE).toISOString(), ...more };
            const send = (wanted, once) =>
              app.send("POST", `/appointments/${one.id}/reschedule/`, wanted, { ...once, version: one.version });
            const answer = await attempt(app, clinic, {
              at,
              send,
              body,
              what: app.say("reschedule"),
              done: ({ body: found }) =>
                app.say("moved_to_time", {
                  time: when(app, found.start_time, found.end_time),
                  room: found.room_name ?? app.say("no_room"),
                }),
            });
            this.#after(one, answer);
          },
        }).element,
    );
  }
}

const can = (one, step) => step === "room" && (one.status === "booked" || one.status === "checked_in");
