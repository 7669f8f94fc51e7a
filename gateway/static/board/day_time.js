// Times as the clinic's own clocks tell them, whatever zone this machine is in. Knows zones and days; not rooms.

const STEP = 900_000; // ms: clocks differ from UTC by quarters of an hour
const DAY = 86_400_000;
const CLOCK = { hour: "2-digit", minute: "2-digit", hourCycle: "h23", numberingSystem: "latn" };
const DATE = { weekday: "long", day: "numeric", month: "long", year: "numeric", numberingSystem: "latn" };

export class DayTime {
  #clock;
  #plain;
  #named;
  #date;
  #shift; // ms by which the day is longer than others: so far apart are two instants that one clock time names

  // `start` and `end` of the local day, in ms.
  constructor(code, zone, start, end) {
    this.#clock = new Intl.DateTimeFormat(code, { ...CLOCK, timeZone: zone });
    this.#plain = new Intl.DateTimeFormat("en-GB", { ...CLOCK, timeZone: zone });
    this.#named = new Intl.DateTimeFormat(code, { ...CLOCK, timeZone: zone, timeZoneName: "short" });
    this.#date = new Intl.DateTimeFormat(code, { ...DATE, timeZone: "UTC" });
    this.start = start;
    this.end = end;
    this.#shift = end - start - DAY;
  }

  // Hours that the day has more than others, or, below zero, fewer.
  get changed() {
    return this.#shift / 3_600_000;
  }

  // 02:30, or 02:30 CEST where the clocks show it twice that day; in one piece, in lines from right to left too.
  time(at) {
    return `\u2066${this.#twice(at) ? this.#named.format(at) : this.#clock.format(at)}\u2069`;
  }

  range(from, to) {
    return `\u2066${this.time(from)}–${this.time(to)}\u2069`;
  }

  // A date without a time, such as 2030-02-01.
  date(day) {
    return this.#date.format(Date.parse(`${day}T00:00:00Z`));
  }

  // Each instant of the day at which the clocks show a full hour, and the day's end.
  hours() {
    const found = [];
    for (let at = this.start; at < this.end; at += STEP) {
      const [hour, minute] = this.#plain.format(at).split(":").map(Number);
      if (minute === 0) found.push({ at, hour });
    }
    return [...found, { at: this.end, hour: 24 }];
  }

  #twice(at) {
    if (this.#shift <= 0) return false;
    const shown = this.#plain.format(at);
    return [at - this.#shift, at + this.#shift].some(
      (other) => other >= this.start && other < this.end && this.#plain.format(other) === shown,
    );
  }
}

// The date so many days after another one.
export function later(day, days) {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * DAY).toISOString().slice(0, 10);
}
