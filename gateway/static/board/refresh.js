// Asks for a view again, at most once in a while, however often it is wanted. Knows how to ask, not what for.

const NOT_FOUND = 404;
const GONE = 410;
const AFTER_FAILURE = 5_000; // ms

export class Refresh {
  #address;
  #pause;
  #take;
  #lost;
  #busy = false;
  #wanted = false;
  #timer = 0;

  // `take(view, outdated)`: outdated when it was wanted again before it came. `lost()`: there is no such thing.
  constructor(address, pause, take, lost) {
    this.#address = address;
    this.#pause = pause;
    this.#take = take;
    this.#lost = lost;
  }

  want() {
    this.#wanted = true;
    if (!this.#busy && !this.#timer) this.#ask();
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
      const answer = await fetch(this.#address, { cache: "no-store", headers: { Accept: "application/json" } });
      if (answer.ok) this.#take(await answer.json(), this.#wanted);
      else if (answer.status === NOT_FOUND || answer.status === GONE) this.#lost();
      else this.#later();
    } catch {
      this.#later();
    } finally {
      this.#busy = false;
      if (this.#wanted && !this.#timer) this.#ask();
    }
  }

  #later() {
    setTimeout(() => this.want(), AFTER_FAILURE);
  }
}
