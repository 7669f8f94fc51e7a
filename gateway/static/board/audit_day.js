// One day of the log: its span, its bars, and which entries are about the thing that is looked at. Draws nothing.

const BARS = 250;
const WIDTH = 1_000;
const HEIGHT = 100;
const MINUTE = 60_000;
const STEPS = [1_000, 5_000, 10_000, 30_000, 60_000, 300_000];
const STEPS_OF_SPAN = 400; // a key moves about a four-hundredth of the day
const PAGE = 15; // steps

export class AuditDay {
  constructor(view) {
    this.view = view;
    this.date = view.date;
    this.zone = view.time_zone;
    this.live = view.live;
    this.empty = view.last === 0;
    // An instant of the log has microseconds: a millisecond later all that was decided in it has happened.
    this.end = (this.empty ? Date.parse(view.day_end) : Date.parse(view.last_time)) + 1;
    const first = this.empty ? Date.parse(view.day_start) : Date.parse(view.first_time);
    this.start = Math.min(Math.floor(first / MINUTE) * MINUTE, this.end - 1_000);
    this.entries = this.empty ? 0 : view.last - view.first + 1;
  }

  get span() {
    return this.end - this.start;
  }

  get step() {
    return STEPS.find((step) => step * STEPS_OF_SPAN >= this.span) ?? STEPS.at(-1);
  }

  get page() {
    return this.step * PAGE;
  }

  clamp(at) {
    return Math.min(this.end, Math.max(this.start, at));
  }

  // The path of the bars: of all entries, or of those that `counted` counts.
  bars(counted = ({ entries }) => entries) {
    const width = Math.max(MINUTE, this.span / BARS);
    const sums = new Map();
    for (const minute of this.view.minutes) {
      const bar = Math.floor((Date.parse(minute.at) - this.start) / width);
      sums.set(bar, (sums.get(bar) ?? 0) + counted(minute));
    }
    const highest = this.#highest(width);
    const wide = Math.max(1, (width / this.span) * WIDTH);
    const drawn = [...sums].filter(([, count]) => count > 0).map(([bar, count]) => {
      const x = Math.max(0, ((bar * width) / this.span) * WIDTH);
      const high = Math.max(3, (count / highest) * HEIGHT);
      return `M${x.toFixed(1)} ${HEIGHT}V${(HEIGHT - high).toFixed(1)}h${(wide * 0.86).toFixed(1)}V${HEIGHT}z`;
    });
    return drawn.join("");
  }

  #highest(width) {
    const sums = new Map();
    for (const { at, entries } of this.view.minutes) {
      const bar = Math.floor((Date.parse(at) - this.start) / width);
      sums.set(bar, (sums.get(bar) ?? 0) + entries);
    }
    return Math.max(1, ...sums.values());
  }

  // A mark for each entry.
  marks(entries) {
    const places = new Set(entries.map(({ time }) => Math.round(((time - this.start) / this.span) * WIDTH)));
    return [...places].map((x) => `M${x} ${HEIGHT}v-14`).join("");
  }

  // What there was, as it is listed: slots by doctor, queues, rooms.
  things(clock) {
    const { doctors, slots, services, rooms } = this.view;
    const known = new Map(doctors.map((doctor) => [doctor.id, doctor]));
    return {
      slot: slots.map((slot) => ({
        kind: "slot",
        id: slot.id,
        entries: slot.entries,
        name: `${known.get(slot.doctor_id)?.prefix ?? ""} ${clock.range(slot.start_time, slot.end_time)}`,
        about: known.get(slot.doctor_id)?.specialization ?? "",
      })),
      service: services.map(({ id, name, entries }) => ({ kind: "service", id, entries, name, about: "" })),
      room: rooms.map(({ id, name, entries }) => ({ kind: "room", id, entries, name, about: "" })),
    };
  }
}

// Times with seconds, as the hospital's clocks show them.
export class AuditClock {
  #exact;
  #short;
  #date;

  constructor(code, zone) {
    const plain = { hourCycle: "h23", numberingSystem: "latn", hour: "2-digit", minute: "2-digit" };
    this.#exact = new Intl.DateTimeFormat(code, { ...plain, second: "2-digit", timeZone: zone });
    this.#short = new Intl.DateTimeFormat(code, { ...plain, timeZone: zone });
    this.#date = new Intl.DateTimeFormat(code, {
      weekday: "short", day: "numeric", month: "short", year: "numeric", numberingSystem: "latn", timeZone: "UTC",
    });
  }

  exact(at) {
    return this.#exact.format(at);
  }

  short(at) {
    return at ? this.#short.format(new Date(at)) : "";
  }

  range(from, to) {
    return `\u2066${this.short(from)}–${this.short(to)}\u2069`;
  }

  date(day) {
    return this.#date.format(Date.parse(`${day}T00:00:00Z`));
  }
}
