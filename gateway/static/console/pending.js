// Actions that were sent and are not answered yet. They are kept for this tab until they are, so that one that a lost
// connection or a reload cut off is asked again under its own key: it happens once, and its outcome is told.

const KEPT = "matron-pending";
const TOO_OLD = 12 * 3_600_000; // ms: well within the day for which the server knows a key

export class Pending extends EventTarget {
  #sent = new Map(); // by key

  // Those that wait for an answer longer than they should.
  get stuck() {
    return [...this.#sent.values()].filter((one) => one.stuck);
  }

  // Runs an action's request, known as pending meanwhile; `run(signal)` gives its answer, and gives up on the signal.
  async through(action, run) {
    const abort = new AbortController();
    const entry = { ...action, stuck: false, abort };
    this.#sent.set(action.key, entry);
    this.#keep();
    try {
      return await run(abort.signal, () => this.#stick(entry));
    } finally {
      this.#sent.delete(action.key);
      this.#keep();
      if (entry.stuck) this.dispatchEvent(new Event("change"));
    }
  }

  // A person does not want to wait any longer: whether it happened is then for a person to look up.
  giveUp(key) {
    this.#sent.get(key)?.abort.abort();
  }

  // What a tab that was closed or loaded again left behind, of this person in this hospital.
  left(who, hospital) {
    const mine = (one) => one.who === who && one.hospital === hospital && Date.now() - one.at < TOO_OLD;
    return stored().filter((one) => mine(one) && !this.#sent.has(one.key));
  }

  // Nobody waits for anything any more: somebody else may sit here now.
  clear() {
    sessionStorage.removeItem(KEPT);
  }

  #stick(entry) {
    if (entry.stuck) return;
    entry.stuck = true;
    this.dispatchEvent(new Event("change"));
  }

  #keep() {
    const kept = [...this.#sent.values()].map(({ abort, stuck, ...action }) => action);
    if (kept.length) sessionStorage.setItem(KEPT, JSON.stringify(kept));
    else sessionStorage.removeItem(KEPT);
  }
}

function stored() {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT) ?? "[]");
  } catch {
    return []; // nothing that can be read was left
  }
}
