// What the bed board says of beds and of those who wait, in one language. Knows words; draws nothing.

import { Elapsed } from "./elapsed.js";
import { apart } from "./words.js";

const STATE = {
  unoccupied: (say) => say("available"),
  reserved: (say) => say("reserved"),
  occupied: (say) => say("occupied"),
  housekeeping: (say) => say("cleaning"),
  contaminated: (say) => say("contaminated"),
  isolated: (say) => say("kept_empty"),
  closed: (say) => say("closed"),
};
const ACUITY = {
  critical: (say) => say("acuity_critical"),
  high: (say) => say("acuity_high"),
  medium: (say) => say("acuity_medium"),
  low: (say) => say("acuity_low"),
};
const REASON = {
  no_bed: (say) => say("waits_no_bed"),
  no_staff: (say) => say("waits_no_staff"),
  no_skill: (say) => say("waits_no_skill"),
  timeout: (say) => say("waits_timeout"),
};
const LASTING = new Set(["housekeeping", "contaminated"]); // how long it has lasted says whether somebody must act

export class WardWords {
  #say;
  #list;
  #elapsed;
  #time;

  constructor(language) {
    this.#say = (key, values) => language.say(key, values);
    this.#list = new Intl.ListFormat(language.code, { type: "unit", style: "short" });
    this.#elapsed = new Elapsed(language.code);
    this.#time = (at) => language.time(new Date(at));
  }

  state(state) {
    return STATE[state]?.(this.#say) ?? state;
  }

  acuity(acuity) {
    return ACUITY[acuity]?.(this.#say) ?? acuity ?? "";
  }

  reason(waiter) {
    return REASON[waiter.reason]?.(this.#say) ?? "";
  }

  room(name) {
    return name ? this.#say("room_named", { name: apart(name) }) : "";
  }

  lasted(since, now) {
    return this.#elapsed.of(now - since);
  }

  // On the bed itself: only where it matters.
  lasting(bed, now, overdue) {
    const said = LASTING.has(bed.state) ? this.lasted(bed.since, now) : "";
    return overdue ? `${said} · ${this.#say("overdue")}` : said;
  }

  carers(bed) {
    return [bed.doctor_name, bed.nurse_name].filter(Boolean).map(apart).join(" · ");
  }

  // One bed in one line, for ears.
  bed(bed, now, overdue) {
    const said = [this.#say("bed_named", { name: apart(bed.label) }), this.state(bed.state)];
    if (LASTING.has(bed.state)) said.push(this.lasted(bed.since, now));
    if (overdue) said.push(this.#say("overdue"));
    if (bed.isolation) said.push(this.#say("isolation"));
    if (bed.patient_name) said.push(apart(bed.patient_name), bed.acuity ? this.acuity(bed.acuity) : "");
    return this.#list.format(said.filter(Boolean));
  }

  // All that is known of one, for who asks.
  details(bed, room, now, overdue) {
    const said = [this.#say("bed_named", { name: apart(bed.label) }), this.room(room), this.state(bed.state)];
    said.push(this.lasted(bed.since, now));
    if (bed.ready) said.push(overdue ? this.#say("overdue") : this.#say("ready_by", { time: this.#time(bed.ready) }));
    said.push(bed.type ? apart(bed.type) : "");
    said.push(...(bed.equipment ?? []).map(apart), bed.isolation ? this.#say("isolation") : "");
    if (bed.patient_name) said.push(apart(bed.patient_name), bed.acuity ? this.acuity(bed.acuity) : "");
    if (bed.doctor_name) said.push(this.#say("doctor_named", { name: apart(bed.doctor_name) }));
    if (bed.nurse_name) said.push(this.#say("nurse_named", { name: apart(bed.nurse_name) }));
    return said.filter(Boolean).join(" · ");
  }
}
