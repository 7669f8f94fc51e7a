// Figures as people write them, in one language, with the digits that stand on doors. What is not known is a dash.

const LATIN = { numberingSystem: "latn" };
const NOTHING = "–";

export class Numbers {
  #count;
  #exact;
  #share;
  #units;

  constructor(code) {
    const unit = (name) =>
      new Intl.NumberFormat(code, { ...LATIN, style: "unit", unit: name, unitDisplay: "short", maximumFractionDigits: 1 });
    this.#count = new Intl.NumberFormat(code, { ...LATIN, maximumFractionDigits: 1 });
    this.#exact = new Intl.NumberFormat(code, { ...LATIN, maximumSignificantDigits: 3 });
    this.#share = new Intl.NumberFormat(code, { ...LATIN, style: "percent", maximumFractionDigits: 1 });
    this.#units = { minutes: unit("minute"), hours: unit("hour"), milliseconds: unit("millisecond") };
  }

  count = (value) => known(value, this.#count);

  exact = (value) => known(value, this.#exact);

  share = (value) => known(value, this.#share);

  minutes = (value) => known(value, this.#units.minutes);

  hours = (value) => known(value, this.#units.hours);

  milliseconds = (value) => known(value, this.#units.milliseconds);
}

function known(value, format) {
  return value === null || value === undefined ? NOTHING : `\u2068${format.format(value)}\u2069`;
}
