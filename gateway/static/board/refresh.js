// Asks for a view again, at most once in a while, however often it is wanted. Knows how to ask, not what for.

const NOT_FOUND = 404;
const GONE = 410;
const AFTER_FAILURE = 5_000; // ms

export class Refresh {
  #address;
  #pause;
  #take;
  #lost;
  #headers;
  #refused;
  #stopped = false;
  #busy = false;
  #wanted = false;
  #timer = 0;

  // `take(view, outdated)`: outdated when it was wanted again before it came. `lost()`: there is no such thing.
  // Who says with `headers()` who is asking hears in `refused(status)` that he may not, whatever the reason.
  constructor(address, pause, take, lost, { headers = () => ({}), refused = null } = {}) {
    this.#address = address;
    this.#pause = pause;
    this.#take = take;
    this.#lost = lost;
    this.#headers = headers;
    this.#refused = refused;
  }

  // Nothing is asked any more, and what is on its way is not taken.
  stop() {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  want() {
    if (this.#stopped) return;
    this.#wanted = true;
    if (!this.#busy && !this.#timer) this.#ask();
  }

  // Something newer came another way: the answer that is on its way may be older, and must not be the last word.
  overtaken() {
    if (this.#busy) this.#wanted = true;
  }

  async #ask() {
    this.#wanted = false;
    this.#busy = true;
    // Counted from the question, so that a slow answer does not add to the pause.
    this.#timer = setTimeout(() => {
      this.#timer = 0;
      if (this.#wanted && !this.#busy) this.#ask();
    }, this.#pause);
    try {
      const headers = { ...this.#headers(), Accept: "application/json" };
      const answer = await fetch(this.#address, { cache: "no-store", headers });
      const view = answer.ok ? await answer.json() : null;
      if (this.#stopped) return;
      if (view) this.#take(view, this.#wanted);
      else if (this.#refused && answer.status >= 400 && answer.status < 500) this.#refused(answer.status);
      else if (answer.status === NOT_FOUND || answer.status === GONE) this.#lost();
      else this.#later();
    } catch {
      this.#later();
    } finally {
      this.#busy = false;
      if (this.#wanted && !this.#timer && !this.#stopped) this.#ask();
    }
  }

  #later() {
    setTimeout(() => this.want(), AFTER_FAILURE);
  }
}
