// What the alert panel says of alerts, in one language. Knows words; draws nothing.

import { Elapsed } from "./elapsed.js";
import { apart } from "./words.js";

const SEVERITY = {
  critical: (say) => say("severity_critical"),
  warning: (say) => say("severity_warning"),
  info: (say) => say("severity_info"),
};
const KIND = {
  assignment_slow: (say) => say("alert_assignment_slow"),
  assignment_timeout: (say) => say("alert_assignment_timeout"),
  timeout_rate: (say) => say("alert_timeout_rate"),
  assignment_average: (say) => say("alert_assignment_average"),
  assignment_escalated: (say) => say("alert_assignment_escalated"),
  room_p95: (say) => say("alert_room_p95"),
  error_rate: (say) => say("alert_error_rate"),
  shift_over: (say) => say("alert_shift_over"),
  result_critical: (say) => say("alert_result_critical"),
  result_unacknowledged: (say) => say("alert_result_unacknowledged"),
  stale_consultation: (say) => say("alert_stale_consultation"),
  parked_too_long: (say) => say("alert_parked_too_long"),
  appointment_without_room: (say) => say("alert_appointment_without_room"),
  break_glass: (say) => say("alert_break_glass"),
  rule_failed: (say) => say("alert_rule_failed"),
};

const PRECISE = { maximumSignificantDigits: 3 };
const COUNTED = {
  patients: (say, count) => say("patients_counted", { count }),
  attempts: (say, count) => say("tries_counted", { count }),
};

export class AlertWords {
  #say;
  #number;
  #share;
  #elapsed;

  constructor(language) {
    this.#say = (key, values) => language.say(key, values);
    this.#share = new Intl.NumberFormat(language.code, { numberingSystem: "latn", style: "percent", ...PRECISE });
    this.#number = new Intl.NumberFormat(language.code, { numberingSystem: "latn", ...PRECISE });
    this.#elapsed = new Elapsed(language.code);
  }

  severity(severity) {
    return SEVERITY[severity]?.(this.#say) ?? severity;
  }

  // A kind that this page does not know yet is called as the interface calls it.
  kind(kind) {
    return KIND[kind]?.(this.#say) ?? kind.replaceAll("_", " ");
  }

  // What was measured, and what is too much.
  measured({ value, threshold, unit }) {
    if (value === null || value === undefined) return "";
    if (COUNTED[unit]) return COUNTED[unit](this.#say, value);
    const told = (number) =>
      apart(unit === "ratio" ? this.#share.format(number) : `${this.#number.format(number)} ${unit}`.trim());
    if (threshold === null || threshold === undefined) return told(value);
    return `${told(value)} (${this.#say("limit", { limit: told(threshold) })})`;
  }

  // What it is about, by the ids by which the interface finds it.
  about({ subject, patient_id }) {
    const said = subject && subject !== patient_id ? [apart(subject)] : [];
    if (patient_id) said.push(this.#say("patient_named", { name: apart(patient_id) }));
    return said.join(" · ");
  }

  lasted(since, now) {
    return this.#elapsed.of(now - since);
  }

  // One alert in one line, for ears.
  spoken(alert) {
    return `${this.severity(alert.severity)}: ${this.kind(alert.kind)}`;
  }
}
