// Says things in the languages of a page: plural forms, ranges, times, and the rotation of several languages.

const CLOCK = { hour: "2-digit", minute: "2-digit", hourCycle: "h23", numberingSystem: "latn" };
const PLACE = /\{(\w+)\}/g;

export class Language {
  #words;
  #plural;
  #number;
  #clock;

  constructor(code, { name, direction, words }) {
    this.code = code;
    this.name = name;
    this.direction = direction;
    this.#words = words;
    this.#plural = new Intl.PluralRules(code);
    // The digits that stand on tickets and on doors, in every language.
    this.#number = new Intl.NumberFormat(code, { numberingSystem: "latn" });
    this.#clock = new Intl.DateTimeFormat(code, CLOCK);
  }

  // The text of a word; `count` chooses its plural form, every value goes into its place.
  say(key, values = {}) {
    const word = this.#words[key] ?? "";
    const text = typeof word === "string" ? word : (word[this.#plural.select(values.count ?? 0)] ?? word.other);
    return text.replace(PLACE, (_, name) => (name === "count" ? this.#number.format(values.count) : values[name]));
  }

  time(date) {
    return this.#clock.format(date);
  }

  // "15–25" in one piece, in lines from right to left too.
  range({ low, high }) {
    return low === high ? this.#number.format(low) : `\u2066${this.#number.format(low)}–${this.#number.format(high)}\u2069`;
  }

  // A counter that is a number or a letter is "counter 3"; one with a name of its own is called by that.
  place(name) {
    if (!/^\p{L}{0,2}[-. ]?\d*\p{L}?$/u.test(name)) return apart(name);
    return this.say("at_counter", { name: apart(name) }).replaceAll(" ", "\u00a0"); // a number alone on a line is lost
  }
}

// A text of its own inside a line of the other direction.
export function apart(text) {
  return `\u2068${text}\u2069`;
}

export function languagesOf(json) {
  return Object.entries(JSON.parse(json)).map(([code, catalogue]) => new Language(code, catalogue));
}

// Puts a text in a language into an element; the page around it keeps its own direction, so that nothing jumps.
export function put(element, text, language) {
  if (element.lang !== language.code) {
    element.lang = language.code;
    element.dir = language.direction;
  }
  if (element.textContent !== text) element.textContent = text;
}

// Translates everything below `root` that carries a word.
export function translate(root, language) {
  for (const element of root.querySelectorAll("[data-word]")) put(element, language.say(element.dataset.word), language);
}
