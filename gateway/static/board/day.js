// One day of a clinic: its rooms with what is held of them, and who waits for a room. From views and from messages.
// Draws nothing, and knows of an appointment when it is, never whose.

const OPENS = 7;
const CLOSES = 19; // local hours that are always in sight
const OFF = new Set(["cancelled", "no_show"]); // they hold nothing

export class Day {
  constructor(view) {
    this.date = view.date;
    this.name = view.clinic_name;
    this.zone = view.time_zone;
    this.start = Date.parse(view.day_start);
    this.end = Date.parse(view.day_end);
    this.rooms = view.rooms.map((room) => ({ ...room, items: sorted(room.items.map(read).filter(stays)) }));
    this.waiting = sorted(view.waiting.map(wanting));
  }

  has(at) {
    return at >= this.start && at < this.end;
  }

  // One change of one appointment: the message says how it stands now, or, without times, that it has left its day.
  apply(message) {
    if (message.type !== "room_update" || !message.appointment_id) return;
    const kind = message.status === "held" ? "hold" : "appointment";
    const item = read({ ...message, kind, id: message.appointment_id });
    for (const room of this.rooms) room.items = room.items.filter((other) => other.key !== item.key);
    const before = this.waiting.find((other) => other.key === item.key);
    this.waiting = this.waiting.filter((other) => other !== before);
    if (!stays(item) || !(item.from < this.end && item.to > this.start)) return;
    const room = this.rooms.find((other) => other.id === message.room_id);
    if (room) room.items = sorted([...room.items, item]);
    else if (message.change === "waiting") {
      this.waiting = sorted([...this.waiting, { ...item, deadline: before?.deadline ?? NaN }]);
    }
  }

  // What the timeline shows, of the day's hours: 7 to 19, and more where there is something earlier or later.
  shown(hours) {
    const items = this.rooms.flatMap((room) => room.items);
    const opens = hours.find((one) => one.hour >= OPENS).at;
    const closes = hours.find((one) => one.hour >= CLOSES).at;
    const earliest = Math.min(opens, ...items.map((item) => item.from));
    const latest = Math.max(closes, ...items.map((item) => item.to));
    const from = hours.findLast((one) => one.at <= earliest)?.at ?? this.start;
    const to = hours.find((one) => one.at >= latest)?.at ?? this.end;
    return { from, to, hours: hours.filter((one) => one.at >= from && one.at <= to) };
  }

  // The next instant at which something on the board looks different although nothing happened.
  turn(now) {
    const items = this.rooms.flatMap((room) => room.items);
    const turns = items.flatMap(({ from, start, end, to }) => [from, start, end, to]);
    turns.push(...this.waiting.map((item) => item.deadline), this.start, this.end);
    return Math.min(...turns.filter((at) => at > now));
  }
}

function read({ kind, id, status, start_time, end_time, busy_from, busy_to }) {
  const [start, end] = [Date.parse(start_time), Date.parse(end_time)];
  const from = busy_from ? Math.min(Date.parse(busy_from), start) : start;
  const to = busy_to ? Date.parse(busy_to) : end; // before `end` where it was over early
  const key = kind === "closure" ? `${id} ${start}` : id;
  return { key, kind, status, start, end: Math.min(end, to), planned: end, from, to };
}

function wanting({ id, start_time, end_time, deadline }) {
  const item = read({ kind: "appointment", id, status: "booked", start_time, end_time });
  return { ...item, deadline: deadline ? Date.parse(deadline) : NaN };
}

function stays(item) {
  return !OFF.has(item.status);
}

// By time; a closure comes before what is held in spite of it.
function sorted(items) {
  const last = (item) => (item.kind === "closure" ? 0 : 1);
  return items.sort((one, other) => one.from - other.from || last(one) - last(other) || (one.key < other.key ? -1 : 1));
}
