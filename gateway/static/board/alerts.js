// The alerts of a hospital that are open, and what else was told of lately. From views and messages. Draws nothing.

const RANK = { critical: 0, warning: 1, info: 2 };
const LATELY = 20; // things that are told of once and not kept

export class Alerts {
  #open = new Map();
  lately = [];

  // The view has all that is open; what it does not know of is over.
  take(view) {
    this.#open = new Map(view.items.map((alert) => [alert.id, read(alert)]));
  }

  // Gives the alert that has opened, or what has just been told of, if that is what the message says.
  apply(message) {
    if (message.type !== "admin_alert") return null;
    const { alert_id: id, alert: kind, since, at } = message;
    if (!id) {
      const told = { kind, severity: "warning", id: message.id, at: Date.parse(at), code: message.code ?? "" };
      if (this.lately.some((other) => other.id === told.id)) return null;
      this.lately = [told, ...this.lately].slice(0, LATELY);
      return told;
    }
    const before = this.#open.get(id);
    if (message.change === "closed") {
      this.#open.delete(id);
      return null;
    }
    const { severity, subject, patient_id, value, threshold, unit, times, acknowledged } = message;
    const told = { severity, subject, patient_id, value, threshold, unit, times };
    const who = acknowledged ? (before?.acknowledged_by ?? "") : null;
    this.#open.set(id, { ...before, ...told, id, kind, since: Date.parse(since), acknowledged, acknowledged_by: who });
    return before ? null : this.#open.get(id);
  }

  // What nobody has seen comes before what somebody has; then the gravest, then the oldest.
  get open() {
    const turn = (alert) => [Number(alert.acknowledged), RANK[alert.severity] ?? RANK.info, alert.since];
    return [...this.#open.values()].sort((one, other) => compare(turn(one), turn(other)) || (one.id < other.id ? -1 : 1));
  }

  // How many of each severity are open.
  get counts() {
    const open = [...this.#open.values()];
    return Object.keys(RANK).map((severity) => ({
      severity,
      count: open.filter((alert) => alert.severity === severity).length,
    }));
  }
}

function read(alert) {
  return { ...alert, since: Date.parse(alert.opened_at), acknowledged: Boolean(alert.acknowledged_at) };
}

function compare(one, other) {
  const place = one.findIndex((value, at) => value !== other[at]);
  return place < 0 ? 0 : one[place] - other[place];
}
