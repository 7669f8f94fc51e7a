// Announces calls one after the other: a bell, a sentence for screen readers, a highlight. Each call once.

const BETWEEN = 3_000; // ms from one announcement to the next, so that two calls of one moment are heard apart

export class Announcer {
  #line = [];
  #busy = false;
  #still;
  #say;

  // `still(call)`: whether it still stands when its turn comes. `say(call)`: does it.
  constructor(still, say) {
    this.#still = still;
    this.#say = say;
  }

  add(calls) {
    this.#line.push(...calls);
    if (!this.#busy) this.#next();
  }

  #next() {
    const call = this.#line.shift();
    this.#busy = call !== undefined;
    if (!this.#busy) return;
    if (!this.#still(call)) {
      this.#next();
      return;
    }
    this.#say(call);
    setTimeout(() => this.#next(), BETWEEN);
  }
}
