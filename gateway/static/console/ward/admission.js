// One admission: who it is, who looks after him or her and where, how they were chosen, and each step that can be done
// now. Every view of the wards leads here. Knows an admission and its steps; not the ward around it.

import { confirm, dialog } from "../dialog.js";
import { el, fill } from "../dom.js";
import { Form } from "../form.js";
import { button, chip, facts, failure } from "../parts.js";
import { history } from "./history.js";

export const ACUITIES = ["critical", "high", "medium", "low"];
const KINDS = { waiting: "wait", assigned: "good", handed_over: "warn", discharged: "quiet", cancelled: "quiet" };
const OPEN = new Set(["waiting", "assigned", "handed_over"]);
const LEAST_REASON = 10; // letters, where somebody decides against the engine

export class AdmissionPanel {
  #app;
  #house;
  #changed;
  #turn = 0;
  #shown = null;
  #seen = ""; // how it stands in what is drawn
  #names = new Map(); // patients' names that were asked for, by id: after a step nothing is waited for

  // `changed()`: a step was done.
  constructor(app, house, changed = () => {}) {
    this.#app = app;
    this.#house = house;
    this.#changed = changed;
    this.element = el("section", { class: "panel admission", aria: { label: app.say("admission"), live: "polite" } });
    this.clear();
  }

  get id() {
    return this.#shown;
  }

  clear(text = this.#app.say("choose_patient_or_bed")) {
    this.#turn += 1;
    this.#shown = null;
    fill(this.element, el("p", { class: "empty" }, text));
  }

  focus() {
    this.element.querySelector("h2")?.focus();
  }

  async show(id) {
    const turn = (this.#turn += 1);
    if (this.#shown !== id) {
      this.#seen = "";
      fill(this.element, el("p", { class: "loading" }, this.#app.say("loading")));
    }
    this.#shown = id;
    try {
      await this.#draw(await this.#app.get(`/admissions/${id}/`), turn);
    } catch (error) {
      if (turn === this.#turn)
        fill(
          this.element,
          failure(this.#app, error, () => this.show(id)),
        );
    }
  }

  async #draw(one, turn) {
    const seen = `${one.id} ${one.version}`;
    if (seen === this.#seen) return;
    const [app, house] = [this.#app, this.#house];
    const [patient, doctor, nurse, bed, told] = await Promise.all([
      this.#patient(one.patient_id),
      house.member(one.doctor_id),
      house.member(one.nurse_id),
      house.bed(one.bed_id),
      history(app, house, one.history),
    ]);
    if (turn !== this.#turn) return;
    this.#seen = seen;
    const focused = this.element.contains(document.activeElement);
    fill(
      this.element,
      el("h2", { tabindex: -1 }, el("bdi", {}, patient)),
      el(
        "p",
        {},
        chip(KINDS[one.status] ?? "quiet", app.say(`admission_${one.status}`)),
        " ",
        chip(one.acuity === "critical" ? "warn" : "quiet", app.say(`acuity_${one.acuity}`)),
        one.status === "assigned" && !one.acknowledged ? [" ", chip("warn", app.say("not_acknowledged"))] : null,
      ),
      facts([
        [app.say("waits_because"), one.reason && app.say(`waits_${one.reason}`)],
        [app.say("waits_since"), one.waiting_since && app.time.moment(one.waiting_since)],
        [app.say("tried_again_at"), one.retry_at && app.time.moment(one.retry_at)],
        [app.say("doctor"), doctor],
        [app.say("nurse"), nurse],
        [app.say("bed"), bed && [house.ward(one.ward_id), bed].filter(Boolean).join(" · ")],
        [app.say("admitted_at"), app.time.moment(one.admitted_at)],
        [app.say("ended_at"), one.ended_at && app.time.moment(one.ended_at)],
        [app.say("needs"), this.#needs(one)],
        [app.say("note"), one.note],
      ]),
      el("div", { class: "choice" }, this.#steps(one)),
      told,
    );
    if (focused) this.focus();
  }

  async #patient(id) {
    if (!this.#names.has(id)) {
      const found = await this.#app.get(`/patients/${id}/`).catch(() => null);
      if (!found) return this.#app.say("a_patient");
      this.#names.set(id, found.name);
    }
    return this.#names.get(id);
  }

  #needs(one) {
    const app = this.#app;
    const said = [
      one.needs_bed ? "" : app.say("needs_no_bed"),
      one.wanted_ward_id ? this.#house.ward(one.wanted_ward_id) : "",
      one.bed_type,
      ...one.equipment,
      one.isolation ? app.say("isolated_for", { what: one.isolation }) : "",
      ...one.doctor_skills,
      ...one.nurse_skills,
    ];
    return said.filter(Boolean).join(", ");
  }

  #steps(one) {
    const app = this.#app;
    if (!OPEN.has(one.status) || !app.can("clerk", "clinician", "admin", "integration")) return [];
    const asks = (word, run, key, kind = "") => button(app, word, (at) => run.call(this, one, at), { key, kind });
    const waits = one.status !== "assigned";
    return [
      waits && asks("assign_now", this.#assign, "n", "main"),
      !waits && !one.acknowledged && asks("acknowledge_handover", this.#acknowledge, "k", "main"),
      one.bed_id && asks("transfer", this.#transfer, "t"),
      one.bed_id && asks("swap_beds", this.#swap, "w"),
      (one.doctor_id || one.nurse_id) && asks("reassign", this.#reassign, "r"),
      asks("change_acuity", this.#acuity, "y"),
      app.can("admin") && asks("assign_by_hand", this.#byHand, "h"),
      one.status === "waiting" ? asks("cancel_admission", this.#cancel, "x", "danger") : asks("discharge", this.#discharge, "d", "danger"),
    ].filter(Boolean);
  }

  async #send(one, path, word, at, body = {}, { form = null, method = "POST", done = null } = {}) {
    const app = this.#app;
    const what = app.say(word);
    const address = path.startsWith("/") ? path : `/admissions/${one.id}/${path}`;
    const answer = await app.act((once) => app.send(method, address, body, once), {
      at,
      form,
      what,
      done: ({ body: found }) =>
        done?.(found) ?? app.say("step_done", { what, status: app.say(`admission_${found.status ?? "assigned"}`) }),
    });
    // Another one may have been chosen meanwhile.
    if (this.#shown === one.id) {
      this.#seen = "";
      if (answer?.body?.id === one.id) this.#draw(answer.body, (this.#turn += 1));
      else this.show(one.id);
    }
    if (answer) this.#changed();
    return answer;
  }

  #assign(one, at) {
    const app = this.#app;
    return this.#send(
      one,
      "assign/",
      "assign_now",
      at,
      {},
      {
        done: (found) =>
          found.status === "assigned" ? null : app.say("still_waits", { reason: app.say(`waits_${found.reason || "no_bed"}`) }),
      },
    );
  }

  #acknowledge(one, at) {
    return this.#send(one, "acknowledge/", "acknowledge_handover", at);
  }

  async #discharge(one, at) {
    const app = this.#app;
    await this.#form(
      "discharge",
      [
        { name: "contaminated", word: "bed_contaminated", type: "checkbox" },
        { name: "reason", word: "reason_if_any", type: "textarea", maxlength: 500 },
      ],
      (body, form) => this.#send(one, "discharge/", "discharge", at, body, { form, done: () => app.say("discharged") }),
      { danger: true },
    );
  }

  async #cancel(one, at) {
    const said = await confirm(this.#app, {
      title: this.#app.say("cancel_admission"),
      word: "cancel_admission",
      reason: "asked",
      danger: true,
    });
    if (said) await this.#send(one, "cancel/", "cancel_admission", at, said.reason ? { reason: said.reason } : {});
  }

  #acuity(one, at) {
    return this.#form(
      "change_acuity",
      [
        {
          name: "acuity",
          word: "acuity",
          type: "select",
          options: ACUITIES.map((acuity) => [acuity, this.#app.say(`acuity_${acuity}`)]),
          value: one.acuity,
        },
        { name: "reason", word: "reason_if_any", type: "textarea", maxlength: 500 },
      ],
      (body, form) => this.#send(one, `/admissions/${one.id}/`, "change_acuity", at, body, { form, method: "PUT" }),
    );
  }

  // Any bed that fits, one of a ward, or one that is named, of those that are free.
  async #transfer(one, at) {
    const app = this.#app;
    const free = await app.all("/beds/", { available: true });
    const options = free.map((bed) => [bed.id, [this.#house.ward(bed.ward_id), bed.room, bed.label].filter(Boolean).join(" · ")]);
    await this.#form(
      "transfer",
      [
        {
          name: "ward_id",
          word: "ward",
          type: "select",
          options: [["", app.say("any_ward")], ...this.#house.wards.map(({ id, name }) => [id, name])],
        },
        {
          name: "bed_id",
          word: "bed",
          type: "select",
          options: [["", app.say("best_bed")], ...options],
          hint: options.length ? undefined : "no_free_bed",
        },
        { name: "reason", word: "reason_if_any", type: "textarea", maxlength: 500 },
      ],
      (body, form) => this.#send(one, "transfer/", "transfer", at, body, { form, done: () => app.say("transferred") }),
    );
  }

  async #swap(one, at) {
    const app = this.#app;
    const others = (await app.all("/admissions/", { status: "assigned", ward_id: one.ward_id })).filter(
      (other) => other.id !== one.id && other.bed_id,
    );
    if (!others.length) return app.outcome.failed(app.say("nobody_to_swap_with"));
    const options = await Promise.all(others.map(async (other) => [other.id, await this.#house.bed(other.bed_id)]));
    await this.#form(
      "swap_beds",
      [
        { name: "other_admission_id", word: "swap_with_bed", type: "select", required: true, options },
        { name: "reason", word: "reason_if_any", type: "textarea", maxlength: 500 },
      ],
      (body, form) =>
        this.#send(
          one,
          "/admissions/swap-beds/",
          "swap_beds",
          at,
          { admission_id: one.id, ...body },
          { form, done: () => app.say("swapped") },
        ),
    );
  }

  async #reassign(one, at) {
    const app = this.#app;
    const roster = await app.get("/roster/");
    const options = roster.items
      .filter((member) => member.duty !== "off" && (member.role === "doctor" || member.role === "nurse"))
      .map((member) => [
        `${member.role} ${member.staff_id}`,
        `${member.name} · ${app.say(`role_of_${member.role}`)} · ${member.load}/${member.max_load}`,
      ]);
    const least = ["doctor", "nurse"].map((role) => [`${role} `, app.say(`least_loaded_${role}`)]);
    await this.#form(
      "reassign",
      [
        { name: "to", word: "to_whom", type: "select", options: [...least, ...options] },
        { name: "note", word: "handover_note", type: "textarea", maxlength: 2_000 },
        { name: "reason", word: "reason_if_any", type: "textarea", maxlength: 500 },
      ],
      ({ to, ...body }, form) => {
        const [role, id] = to.split(" ");
        return this.#send(one, "reassign/", "reassign", at, { role, ...(id ? { staff_id: id } : {}), ...body }, { form });
      },
    );
  }

  // Against what the engine would do, or before it can: the log has who said so, and why.
  async #byHand(one, at) {
    const app = this.#app;
    const [roster, free] = await Promise.all([app.get("/roster/"), app.all("/beds/", { available: true })]);
    const chosen = [["", app.say("let_choose")]];
    const members = (role) =>
      roster.items
        .filter((member) => member.role === role)
        .map((member) => [member.staff_id, `${member.name} · ${app.say(`duty_${member.duty}`)} · ${member.load}/${member.max_load}`]);
    await this.#form(
      "assign_by_hand",
      [
        { name: "doctor_id", word: "doctor", type: "select", options: [...chosen, ...members("doctor")] },
        { name: "nurse_id", word: "nurse", type: "select", options: [...chosen, ...members("nurse")] },
        {
          name: "bed_id",
          word: "bed",
          type: "select",
          options: [...chosen, ...free.map((bed) => [bed.id, `${this.#house.ward(bed.ward_id)} · ${bed.label}`])],
        },
        { name: "force", word: "force", type: "checkbox", hint: "force_hint" },
        { name: "reason", word: "reason", type: "textarea", required: true, minlength: LEAST_REASON, maxlength: 500 },
      ],
      (body, form) => this.#send(one, "assign-manually/", "assign_by_hand", at, body, { form }),
    );
  }

  #form(word, fields, run, { danger = false } = {}) {
    const app = this.#app;
    return dialog(
      app.say(word),
      (close) =>
        new Form(app, {
          fields,
          danger,
          submit: word,
          cancel: () => close(),
          act: async (values, { form }) => (await run(values, form)) && close(true),
        }).element,
    );
  }
}
