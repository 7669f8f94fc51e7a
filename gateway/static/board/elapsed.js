// How long something has lasted, in the units that people use: minutes, hours, days. No words of ours are needed.

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export class Elapsed {
  #units;

  constructor(code) {
    const unit = (name) =>
      new Intl.NumberFormat(code, { style: "unit", unit: name, unitDisplay: "short", numberingSystem: "latn" });
    this.#units = { minute: unit("minute"), hour: unit("hour"), day: unit("day") };
  }

  // "25 min", "2 hr 5 min", "3 days"; in one piece.
  of(ms) {
    const passed = Math.max(ms, 0);
    const said = [];
    if (passed >= 2 * DAY) said.push(this.#units.day.format(Math.floor(passed / DAY)));
    else {
      const [hours, minutes] = [Math.floor(passed / HOUR), Math.floor((passed % HOUR) / MINUTE)];
      if (hours) said.push(this.#units.hour.format(hours));
      if (minutes || !hours) said.push(this.#units.minute.format(minutes));
    }
    return said.join(" ").replaceAll(" ", "\u00a0");
  }
}
