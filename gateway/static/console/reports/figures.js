// The daily reports of several days put together: what can be added is added, what cannot stands day by day. Pure.

const CATEGORIES = ["EMERGENCY", "PRIORITY_PAID", "FOLLOWUP", "ONLINE", "WALKIN"];
const STATUSES = ["CONFIRMED", "COMPLETED", "NO_SHOW", "CANCELLED"];
const OUTCOMES = ["booked", "checked_in", "in_progress", "completed", "cancelled", "no_show"];

export { CATEGORIES, OUTCOMES, STATUSES };

// Of `days`, the reports as answered, in order.
export function together(days) {
  const totals = days.map((day) => day.totals);
  const sum = (of) => totals.reduce((sofar, figures) => sofar + of(figures), 0);
  const [tokens, seen] = [sum((figures) => figures.tokens), sum((figures) => figures.waits.count)];
  const appointments = days.map((day) => day.appointments);
  return {
    tokens,
    capacity: sum((figures) => figures.capacity),
    byCategory: counted(CATEGORIES, (name) => sum((figures) => figures.by_category[name] ?? 0)),
    byStatus: counted(STATUSES, (name) => sum((figures) => figures.by_status[name] ?? 0)),
    // Utilisation as the interface has it, over all days: what was given of what could be given.
    utilisation: share(
      sum(given),
      sum((figures) => figures.capacity),
    ),
    noShows: share(
      sum((figures) => figures.by_status.NO_SHOW ?? 0),
      tokens,
    ),
    cancelled: share(
      sum((figures) => figures.by_status.CANCELLED ?? 0),
      tokens,
    ),
    seen,
    // Averages of days weigh by how many were seen; a percentile of several days cannot be made of theirs.
    averageWait: seen ? round(sum((figures) => (figures.waits.average ?? 0) * figures.waits.count) / seen) : null,
    worstWait: most(totals.map((figures) => figures.waits.p95)),
    stillWaiting: sum((figures) => figures.waits.still_waiting),
    delayed: sum((figures) => figures.delays.slots),
    longestDelay: most(totals.map((figures) => figures.delays.max)) ?? 0,
    overrides: sum((figures) => figures.overrides),
    promotions: sum((figures) => figures.promotions),
    appointments: counted(OUTCOMES, (name) => total(appointments, (figures) => figures.by_status[name] ?? 0)),
    withoutRoom: total(appointments, (figures) => figures.without_room),
  };
}

// One line for each doctor: the same figures over all days, the busiest first.
export function byDoctor(days) {
  const found = new Map();
  for (const day of days) {
    for (const doctor of day.doctors) {
      const known = found.get(doctor.doctor_id) ?? { id: doctor.doctor_id, name: doctor.name ?? "", days: [] };
      known.days.push({ totals: doctor, appointments: { by_status: {}, without_room: 0 } });
      found.set(doctor.doctor_id, known);
    }
  }
  const lines = [...found.values()].map(({ id, name, days: own }) => ({ id, name, ...together(own) }));
  return lines.sort((one, other) => other.tokens - one.tokens || one.name.localeCompare(other.name));
}

// How busy each room of a clinic was: the part of the hours from `opens` to `closes` (hours of the clinic's clocks) that
// it was held, setup and cleaning included; closures are no use, and make the hours fewer.
export function roomUse(days, hoursOf) {
  const found = new Map();
  for (const day of days) {
    for (const room of day.rooms) {
      const known = found.get(room.id) ?? { id: room.id, name: room.name, held: 0, open: 0, bookings: 0 };
      const [from, to] = hoursOf(day);
      const shut = joined(room.items.filter((item) => item.kind === "closure").map(spanOf), from, to);
      const held = joined(room.items.filter((item) => item.kind !== "closure").map(spanOf), from, to);
      known.open += to - from - length(shut) + overlap(shut, held); // held in spite of a closure is open
      known.held += length(held);
      known.bookings += room.items.filter((item) => item.kind === "appointment").length;
      found.set(room.id, known);
    }
  }
  const lines = [...found.values()].map((room) => ({ ...room, use: share(room.held, room.open) }));
  return lines.sort((one, other) => (other.use ?? -1) - (one.use ?? -1) || one.name.localeCompare(other.name));
}

// How many places were used, from the share of them: what a cancelled slot still has is not among them.
function given({ utilisation, capacity }) {
  return Math.round((utilisation ?? 0) * capacity);
}

function counted(names, of) {
  return Object.fromEntries(names.map((name) => [name, of(name)]));
}

function total(items, of) {
  return items.reduce((sofar, item) => sofar + of(item), 0);
}

function share(part, whole) {
  return whole ? part / whole : null;
}

function most(values) {
  const known = values.filter((value) => value !== null && value !== undefined);
  return known.length ? Math.max(...known) : null;
}

function round(value) {
  return Math.round(value * 10) / 10;
}

function spanOf({ start_time, end_time, busy_from, busy_to }) {
  return [Date.parse(busy_from ?? start_time), Date.parse(busy_to ?? end_time)];
}

// Spans cut to the hours, those that touch made one.
function joined(spans, from, to) {
  const cut = spans.map(([start, end]) => [Math.max(start, from), Math.min(end, to)]).filter(([start, end]) => start < end);
  const found = [];
  for (const [start, end] of cut.sort((one, other) => one[0] - other[0])) {
    const last = found.at(-1);
    if (last && start <= last[1]) last[1] = Math.max(last[1], end);
    else found.push([start, end]);
  }
  return found;
}

function length(spans) {
  return spans.reduce((sofar, [start, end]) => sofar + end - start, 0);
}

function overlap(spans, others) {
  const of = ([start, end]) => others.reduce((sofar, [from, to]) => sofar + Math.max(0, Math.min(end, to) - Math.max(start, from)), 0);
  return spans.reduce((sofar, span) => sofar + of(span), 0);
}
