// What a slot, a queue or a room was at a moment, as lists of rows; and why one row stood before another. Draws nothing.

const SHORT = 8; // characters of an id that tell patients apart
const SLOT = ["called", "line", "waiting", "over"];
const QUEUE = ["serving", "line", "parked", "over"];

export class AuditLists {
  // `state`: the answer; `clock`: the hospital's.
  constructor(state, clock) {
    const { slot, service, room } = state;
    this.kind = slot ? "slot" : service ? "service" : "room";
    this.thing = slot ?? service ?? room;
    this.position = state.position;
    this.#clock = clock;
    if (slot) this.lists = SLOT.map((name) => this.#list(name, slot[name], (one) => this.#token(one)));
    else if (service) this.lists = QUEUE.map((name) => this.#list(name, service[name], (one) => this.#ticket(one)));
    else this.lists = [this.#list("booked", room.appointments, (one) => this.#appointment(one))];
    this.rows = new Map(this.lists.flatMap(({ rows }) => rows).map((row) => [row.id, row]));
  }

  #clock;

  #list(name, items, read) {
    const rows = items.map((item, index) => ({ ...read(item), list: name, index, changed: item.changed }));
    return { name, rows: name === "over" ? rows.reverse() : rows }; // of those that are over the last one first
  }

  #token(one) {
    const tier = [one.category, one.lifted ? "LIFTED" : "", one.late ? "LATE" : ""].filter(Boolean).map(plain).join(" · ");
    const when = [one.booked_at, one.arrived_at, one.called_at, one.started_at, one.completed_at].filter(Boolean).at(-1);
    return {
      id: one.id, code: one.code ?? "–", tier, order: one.order, place: one.place, patient: one.patient_id,
      status: plain(one.status === "CONFIRMED" ? (one.phase ?? one.status) : one.status), when: this.#clock.short(when),
    };
  }

  #ticket(one) {
    const tier = [one.priority, one.lifted ? "LIFTED" : ""].filter(Boolean).map(plain).join(" · ");
    const status = one.counter ? `${plain(one.status)} (${one.counter})` : plain(one.status);
    const when = [one.joined_at, one.called_at, one.started_at, one.ended_at].filter(Boolean).at(-1);
    return {
      id: one.id, code: one.code, tier, order: one.order, place: one.place, patient: one.patient_id ?? "", status,
      when: this.#clock.short(when),
    };
  }

  #appointment(one) {
    return {
      id: one.id, code: this.#clock.range(one.start_time, one.end_time), tier: "", order: [Date.parse(one.start_time)],
      place: null, patient: one.patient_id, status: plain(one.status), when: "",
    };
  }

  // The rows that are not what they were in `earlier`, by id; none where that was of another thing.
  changedSince(earlier) {
    if (!earlier || earlier.thing.id !== this.thing.id || earlier.position === this.position) return new Set();
    const rows = [...this.rows.values()];
    return new Set(rows.filter((row) => differs(row, earlier.rows.get(row.id))).map((row) => row.id));
  }

  // Which of two comes first, and by what: {first, second, by}; `by` is null where they stand in no common order.
  compared(one, other) {
    const [a, b] = [this.rows.get(one), this.rows.get(other)];
    if (!a || !b) return null;
    const lists = this.lists.map(({ name }) => name);
    if (a.list !== b.list) {
      const [first, second] = lists.indexOf(a.list) < lists.indexOf(b.list) ? [a, b] : [b, a];
      return { first, second, by: second.list === "over" ? "over" : "list" };
    }
    const [first, second] = a.index < b.index ? [a, b] : [b, a];
    if (a.list === "over") return { first, second, by: "ended" };
    if (a.list === "called" || a.list === "serving") return { first, second, by: "called" };
    const at = first.order.findIndex((part, place) => part !== second.order[place]);
    return { first, second, by: this.kind === "room" ? "time" : ["rank", "time", "sequence", "place"][at] };
  }
}

export function plain(word) {
  return word.toLowerCase().replaceAll("_", " ");
}

// The end of an id: its beginning is a time, and much the same for all of a day.
export function shortened(id) {
  return id ? `…${id.slice(-SHORT)}` : "";
}

function differs(row, before) {
  if (!before) return true;
  return ["list", "status", "tier", "place", "code", "when"].some((part) => row[part] !== before[part]);
}
