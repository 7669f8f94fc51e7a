// Booking a token: whose, on which day, in which slot. Each slot says how full it is and when one's turn would be.

import { dialog } from "../dialog.js";
import { doctors } from "../directory.js";
import { el, fill, freshId } from "../dom.js";
import { button } from "../parts.js";
import { printTicket } from "./ticket.js";

const CATEGORIES = ["WALKIN", "ONLINE", "FOLLOWUP", "PRIORITY_PAID", "EMERGENCY"];
const MINUTE = 60_000;
const SEATED = 201; // else a place in the waiting list
const OPEN = new Set(["ACTIVE", "DELAYED"]);

// Gives the token or the waiting entry; null when it was left. With `moving`, a token, that is moved to another slot.
export async function book(app, patient, { category = "WALKIN", moving = null } = {}) {
  const title = moving ? app.say("move_token", { code: moving.ticket_code ?? "" }) : app.say("book_for", { name: patient.name });
  const answer = await dialog(title, (close) => new Booking(app, patient, category, moving, close).element, { wide: true });
  if (answer?.status === SEATED && !moving) {
    const paper = await app.act(() => told(app, answer.body));
    if (paper) await printTicket(app, paper);
  }
  return answer?.body ?? null;
}

class Booking {
  element;
  #app;
  #patient;
  #moving;
  #close;
  #category;
  #doctor;
  #day;
  #reason;
  #slots = el("fieldset", { class: "slots" });
  #submit;
  #told = el("p", { class: "refused", role: "alert" });
  #turn = 0;

  constructor(app, patient, category, moving, close) {
    this.#app = app;
    this.#patient = patient;
    this.#moving = moving;
    this.#close = close;
    this.#category = this.#select("category", CATEGORIES.map((one) => [one, app.say(`category_${one}`)]), category, () => this.#list());
    this.#doctor = this.#select("doctor", [], "", () => this.#list());
    const id = freshId("day");
    this.#day = el("input", { type: "date", id, value: app.time.today(), min: app.time.today(), onChange: () => this.#list() });
    this.#reason = moving && el("input", { id: freshId("reason"), maxlength: 500 });
    this.#submit = el("button", { type: "submit", class: "main" }, app.say(moving ? "move" : "book"));
    this.element = el(
      "form",
      { onSubmit: (event) => this.#send(event) },
      el(
        "div",
        { class: "form row" },
        !moving && this.#field("category", this.#category),
        this.#field("doctor", this.#doctor),
        el("div", { class: "field" }, el("label", { for: id }, app.say("date")), this.#day),
      ),
      this.#slots,
      moving && this.#field("reason_if_any", this.#reason),
      this.#told,
      el("p", { class: "choice" }, this.#submit, button(app, "never_mind", () => close())),
    );
    this.#begin();
  }

  #select(word, options, chosen, onChange) {
    const made = options.map(([value, text]) => el("option", { value, selected: value === chosen }, text));
    return el("select", { id: freshId(word), name: word, onChange }, made);
  }

  #field(word, input) {
    return el("div", { class: "field" }, el("label", { for: input.id }, this.#app.say(word)), input);
  }

  async #begin() {
    const app = this.#app;
    try {
      const known = (await doctors(app)).filter((one) => !one.retired);
      const options = known.map((one) => el("option", { value: one.id }, `${one.name} · ${one.specialization}`));
      if (known.length > 1) options.unshift(el("option", { value: "" }, app.say("any_doctor")));
      fill(this.#doctor, options);
      if (this.#moving) this.#doctor.value = this.#moving.doctor_id;
      await this.#list();
      (this.#slots.querySelector("input:checked") ?? this.#doctor).focus();
    } catch (error) {
      fill(this.#told, app.why(error));
    }
  }

  // The slots of the day as they are now.
  async #list() {
    const app = this.#app;
    const turn = (this.#turn += 1);
    const before = this.#slots.querySelector("input:checked")?.value;
    fill(this.#slots, el("legend", {}, app.say("slot")), el("p", { class: "loading" }, app.say("loading")));
    let slots;
    try {
      slots = await app.all("/slots/", { doctor_id: this.#doctor.value, date: this.#day.value });
    } catch (error) {
      if (turn === this.#turn) fill(this.#told, app.why(error));
      return;
    }
    if (turn !== this.#turn) return;
    const names = new Map((await doctors(app)).map((one) => [one.id, one.name]));
    const emergency = this.#category.value === "EMERGENCY";
    const now = Date.now();
    const usable = slots
      .filter((slot) => OPEN.has(slot.status) && end(slot) > now && slot.id !== this.#moving?.slot_id)
      .sort((one, other) => (one.start_time < other.start_time ? -1 : 1));
    const chosen = usable.find((slot) => slot.id === before) ?? usable.find((slot) => emergency || (slot.free_seats && !slot.paused)) ?? usable[0];
    fill(
      this.#slots,
      el("legend", {}, app.say("slot")),
      usable.length ? usable.map((slot) => this.#choice(slot, slot === chosen, names)) : el("p", { class: "empty" }, app.say("no_slots")),
    );
    this.#submit.disabled = !usable.length;
  }

  #choice(slot, checked, names) {
    const app = this.#app;
    const id = freshId("slot");
    const emergency = this.#category.value === "EMERGENCY";
    const full = !emergency && slot.free_seats === 0;
    const seats = full
      ? app.say("slot_full", { count: slot.waiting_count })
      : app.say("slot_free", { count: slot.free_seats, capacity: slot.max_capacity });
    return el(
      "div",
      { class: full ? "slot full" : "slot" },
      el("input", { type: "radio", id, name: "slot", value: slot.id, checked, dataset: { full: String(full) } }),
      el(
        "label",
        { for: id },
        el("strong", {}, app.time.range(slot.start_time, slot.end_time)),
        !this.#doctor.value && el("bdi", {}, names.get(slot.doctor_id) ?? ""),
        el("meter", { min: 0, max: slot.max_capacity, value: slot.max_capacity - slot.free_seats, "aria-hidden": "true" }),
        el("span", {}, seats),
        !full && el("span", { class: "hint" }, app.say("turn_about", { time: app.time.clock(turn(slot)) })),
        slot.delay_minutes > 0 && el("span", { class: "fault" }, app.say("late_by", { count: slot.delay_minutes })),
        slot.paused && el("span", { class: "fault" }, app.say("paused")),
      ),
    );
  }

  async #send(event) {
    event.preventDefault();
    const app = this.#app;
    const chosen = this.#slots.querySelector("input:checked");
    fill(this.#told);
    if (!chosen) return fill(this.#told, app.say("choose_a_slot"));
    const form = { fail: (error, text) => (fill(this.#told, text), this.#submit.focus(), true) };
    const how = { at: this.#submit, form, what: this.#submit.textContent };
    const answer = await (this.#moving ? this.#move(chosen.value, how) : this.#book(chosen.value, how));
    if (!answer) return this.#list();
    this.#close(answer);
  }

  #book(slot, how) {
    const app = this.#app;
    const category = this.#category.value;
    const emergency = category === "EMERGENCY";
    const body = { slot_id: slot, patient_id: this.#patient.id, ...(emergency ? {} : { category }) };
    const done = ({ status, body: made }) =>
      status === 202
        ? app.say("waitlisted", { count: made.position ?? 1 })
        : app.say(emergency ? "emergency_booked" : "booked", { code: made.ticket_code, time: app.time.clock(made.estimated_time) });
    return app.act((once) => app.send("POST", emergency ? "/tokens/emergency/" : "/tokens/", body, once), { ...how, done });
  }

  #move(slot, how) {
    const app = this.#app;
    const body = { slot_id: slot, reason: this.#reason.value.trim() || undefined };
    const done = ({ body: made }) => app.say("moved", { code: made.ticket_code ?? "", time: app.time.moment(made.estimated_time) });
    return app.act((once) => app.send("POST", `/tokens/${this.#moving.id}/reschedule/`, body, once), { ...how, done });
  }
}

const end = (slot) => Date.parse(slot.end_time) + slot.delay_minutes * MINUTE;

// When the next one's turn would be: behind those who have a seat, never before now.
function turn(slot) {
  const begin = Date.parse(slot.start_time) + slot.delay_minutes * MINUTE;
  const taken = slot.current_capacity + slot.override_count;
  return new Date(Math.max(begin + taken * slot.average_consult_minutes * MINUTE, Date.now())).toISOString();
}

// What stands on the paper of a token.
export async function told(app, token) {
  const [whole, known] = await Promise.all([app.get(`/tokens/${token.id}/`), doctors(app)]);
  const doctor = known.find((one) => one.id === whole.doctor_id);
  return {
    code: whole.ticket_code,
    link: `${whole.id}.${whole.link}`,
    place: doctor?.name ?? "",
    date: app.time.date(whole.estimated_time),
    time: app.time.clock(whole.estimated_time),
  };
}
