// Asks the interface about the log, says who asks, and waits while the log is being read. Knows no page.

const READING = "reading_log";
const AGAIN = 700; // ms until a log that is being read is asked for again
const AFTER_FAILURE = 3_000;

export class Refused extends Error {
  constructor(status) {
    super(`refused with ${status}`);
    this.status = status;
  }
}

// Somebody has asked for something else meanwhile.
export class Outdated extends Error {}

export class AuditSource {
  #headers;
  #told;
  #asked = new Map(); // kinds of question to the last of each

  // `told(share)`: how much of the log has been read, 0 to 1; null: it answers; NaN: it does not, it is tried again.
  constructor(headers, told) {
    this.#headers = headers;
    this.#told = told;
  }

  stop() {
    this.#asked.clear();
  }

  // The answer; `null` where there is none such. A later question of the same kind puts an end to an earlier one.
  async ask(kind, path, values = {}) {
    const mine = Symbol(kind);
    this.#asked.set(kind, mine);
    const query = new URLSearchParams(Object.entries(values).filter(([, value]) => value !== null && value !== undefined));
    const address = `/api/v1/audit/${path}/${query.size ? `?${query}` : ""}`;
    for (;;) {
      const { pause, value, share } = await this.#once(address);
      if (this.#asked.get(kind) !== mine) throw new Outdated();
      this.#told(pause ? share : null);
      if (!pause) return value;
      await new Promise((go) => setTimeout(go, pause));
      if (this.#asked.get(kind) !== mine) throw new Outdated();
    }
  }

  async #once(address) {
    let answer;
    try {
      answer = await fetch(address, { cache: "no-store", headers: { ...this.#headers(), Accept: "application/json" } });
      if (answer.ok) return { value: await answer.json() };
    } catch {
      return { pause: AFTER_FAILURE, share: NaN };
    }
    if (answer.status === 404 || answer.status === 422) return { value: null };
    if (answer.status >= 400 && answer.status < 500) throw new Refused(answer.status);
    const problem = await answer.json().catch(() => ({}));
    if (problem.code !== READING) return { pause: AFTER_FAILURE, share: NaN };
    return { pause: AGAIN, share: problem.facts.read / Math.max(1, problem.facts.of) };
  }
}
