// Times as the hospital's clocks tell them, whatever zone this machine is in. Knows zones; not what happens when.

const CLOCK = { hour: "2-digit", minute: "2-digit", hourCycle: "h23", numberingSystem: "latn" };
const DATE = { weekday: "short", day: "numeric", month: "short", year: "numeric", numberingSystem: "latn" };
const PARTS = { ...CLOCK, year: "numeric", month: "2-digit", day: "2-digit" };
const MINUTE = 60_000;

// In one piece, in lines from right to left too.
const together = (text) => `\u2066${text}\u2069`;

export class HospitalTime {
  #clock;
  #date;
  #plain;

  constructor(code, zone) {
    this.zone = zone;
    this.#clock = new Intl.DateTimeFormat(code, { ...CLOCK, timeZone: zone });
    this.#date = new Intl.DateTimeFormat(code, { ...DATE, timeZone: "UTC" });
    this.#plain = new Intl.DateTimeFormat("en-GB", { ...PARTS, timeZone: zone });
  }

  // "09:30"
  clock(at) {
    return at ? together(this.#clock.format(new Date(at))) : "";
  }

  range(from, to) {
    return together(`${this.clock(from)}–${this.clock(to)}`);
  }

  // "Mon, 4 Feb 2030", of an instant or of a day such as 2030-02-04.
  date(at) {
    if (!at) return "";
    const day = /^\d{4}-\d{2}-\d{2}$/.test(at) ? at : this.day(at);
    return this.#date.format(Date.parse(`${day}T00:00:00Z`));
  }

  // The time alone where it is today, else with its date.
  moment(at) {
    if (!at) return "";
    return this.day(at) === this.today() ? this.clock(at) : `${this.date(at)}, ${this.clock(at)}`;
  }

  // The local day of an instant: 2030-02-04.
  day(at) {
    const found = this.#parts(new Date(at));
    return `${found.year}-${found.month}-${found.day}`;
  }

  today() {
    return this.day(Date.now());
  }

  // The day so many days later.
  shift(day, days) {
    return new Date(Date.parse(`${day}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
  }

  // What a field of type datetime-local holds for an instant.
  local(at) {
    const found = this.#parts(new Date(at));
    return `${found.year}-${found.month}-${found.day}T${found.hour}:${found.minute}`;
  }

  // The instant that the hospital's clocks call this: from "2030-02-04T09:30" to RFC 3339. Of a time that clocks show
  // twice, the first; of one that they skip, the one after.
  instant(local) {
    const wanted = Date.parse(`${local}Z`);
    let at = wanted;
    for (let turn = 0; turn < 3; turn += 1) {
      const off = Date.parse(`${this.local(at)}Z`) - wanted;
      if (off === 0) break;
      at -= off;
    }
    return new Date(at).toISOString();
  }

  // Whole minutes from an instant until now.
  minutesSince(at) {
    return Math.max(0, Math.floor((Date.now() - Date.parse(at)) / MINUTE));
  }

  #parts(at) {
    return Object.fromEntries(this.#plain.formatToParts(at).map(({ type, value }) => [type, value]));
  }
}
