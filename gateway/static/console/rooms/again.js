// Asks for something again whenever it may be another, at most once in a while, however often that is. Knows when to
// ask; not what for.

const PAUSE = 1_000; // ms: one question a second at most
const AFTER_FAILURE = 5_000;

export class Again {
  #ask;
  #take;
  #pause;
  #failed;
  #busy = false;
  #wanted = false;
  #timer = 0;
  #closed = false;

  // `ask()` gives what `take(found, outdated)` is told of; outdated: it was wanted again before it came.
  constructor(ask, take, { pause = PAUSE, failed = () => {} } = {}) {
    this.#ask = ask;
    this.#take = take;
    this.#pause = pause;
    this.#failed = failed;
  }

  want() {
    this.#wanted = true;
    if (!this.#busy && !this.#timer && !this.#closed) this.#run();
  }

  // Something newer came another way: the answer that is on its way may be older, and must not be the last word.
  overtaken() {
    if (this.#busy) this.#wanted = true;
  }

  close() {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  async #run() {
    this.#wanted = false;
    this.#busy = true;
    let pause = this.#pause;
    const begun = performance.now();
    try {
      const found = await this.#ask();
      if (!this.#closed) this.#take(found, this.#wanted);
    } catch (error) {
      pause = AFTER_FAILURE;
      this.#wanted = true;
      if (!this.#closed) this.#failed(error);
    }
    this.#busy = false;
    if (this.#closed) return;
    // Counted from the question, so that a slow answer does not add to the pause.
    this.#timer = setTimeout(
      () => {
        this.#timer = 0;
        if (this.#wanted) this.#run();
      },
      Math.max(pause - (performance.now() - begun), 0),
    );
  }
}
