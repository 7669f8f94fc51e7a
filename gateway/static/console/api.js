// Asks the interface. Every write has a key that is made once per action of a person and said again with each repeat,
// so that an answer that was lost on its way costs nothing: the action happens once. Knows HTTP; no path.

export const BASE = "/api/v1";
const PATIENCE = 20_000; // ms: twice the server's own deadline; after that the cable is cut
const PAUSES = [400, 800, 1_600, 3_200, 6_400]; // ms between repeats; the last for all that follow
const READ_TRIES = 3;
const SHORT = 5; // s: so long whoever was told to come back later waits by himself
const BUSY_TRIES = 3;
const UNKNOWN_CALLER = 401;
const BUSY = new Set([429, 503]);
const BETWEEN = new Set([502, 504]); // a proxy's, or a deadline's: whether it happened has to be asked again
// What holds a secret stays in memory.
const SECRET = /^\/(session|users|keys)\b/;

// Why something was not done. `code` is the server's, or no_connection, or given_up.
export class Refusal extends Error {
  constructor({ status = 0, code, detail = "", errors = [], suggestions = [], facts = {}, rule = "", retryAfter = 0 }) {
    super(detail || code);
    Object.assign(this, { status, code, detail, errors, suggestions, facts, rule, retryAfter });
  }
}

// A key for one action. Not randomUUID: that is there only where TLS is.
export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export class Api {
  #connection;
  #pending;

  // `headers()`: who asks, as what, for which hospital. `signIn()`: asks the person again, and says whether it is the
  // same one as before. `who()`: whose actions these are.
  constructor(connection, pending, { headers, signIn, who }) {
    this.#connection = connection;
    this.#pending = pending;
    this.headers = headers;
    this.signIn = signIn;
    this.who = who;
  }

  // The body of an answer. `params` that are empty are not said.
  async get(path, params = {}, { signal = null, raw = false } = {}) {
    const asked = new URLSearchParams(Object.entries(params).filter(([, value]) => value !== "" && value != null));
    const address = `${BASE}${path}${asked.size ? `?${asked}` : ""}`;
    const again = { signed: false };
    for (let turn = 0; ; turn += 1) {
      let answer;
      let body;
      try {
        answer = await fetch(address, { headers: this.headers(false), cache: "no-store", signal: within(signal) });
        body = raw && answer.ok ? await answer.text() : await json(answer);
      } catch (error) {
        if (signal?.aborted) throw error;
        this.#connection.tell("requests", false);
        if (turn + 1 >= READ_TRIES) throw new Refusal({ code: "no_connection" });
        await this.#connection.wait(PAUSES[turn]);
        continue;
      }
      this.#connection.tell("requests", true);
      if (answer.ok) return body;
      if (answer.status === UNKNOWN_CALLER && (await this.#signedIn(again))) continue;
      throw refused(answer, body);
    }
  }

  // All rows of a list, page by page, up to `most`.
  async all(path, params = {}, most = 1_000) {
    const found = [];
    let cursor = null;
    do {
      const page = await this.get(path, { limit: Math.min(most, 1_000), ...params, cursor });
      found.push(...page.items);
      cursor = page.next_cursor;
    } while (cursor !== null && found.length < most);
    return found;
  }

  // Does something: {status, body, sequence, version, replayed}. `version` is what If-Match says. `what`: how the
  // action is called where somebody reads that it is still pending.
  send(method, path, body = null, { key = newKey(), version = null, what = "", keep = !SECRET.test(path) } = {}) {
    const action = { key, method, path, body, version, what, ...this.who(), at: Date.now() };
    return keep ? this.#pending.through(action, (...how) => this.#repeat(action, ...how)) : this.#repeat(action);
  }

  // An action that an earlier page left behind, under its own key.
  resume(action) {
    return this.#pending.through(action, (...how) => this.#repeat(action, ...how));
  }

  async #repeat({ key, method, path, body, version }, given = null, stuck = () => {}) {
    const again = { signed: false };
    let busy = 0;
    for (let turn = 0; ; turn += 1) {
      if (given?.aborted) throw new Refusal({ code: "given_up" });
      const headers = { ...this.headers(true), "Idempotency-Key": key };
      if (body !== null) headers["Content-Type"] = "application/json";
      if (version !== null) headers["If-Match"] = `"${version}"`;
      const sent = { method, headers, body: body === null ? null : JSON.stringify(body), cache: "no-store" };
      let answer;
      let found;
      try {
        answer = await fetch(`${BASE}${path}`, { ...sent, signal: within(given) });
        found = await json(answer);
      } catch {
        stuck();
        this.#connection.tell("requests", false);
        await this.#connection.wait(pause(turn));
        continue;
      }
      this.#connection.tell("requests", true);
      if (answer.ok) {
        performance.mark("matron-answer", { detail: key });
        return {
          status: answer.status,
          body: found,
          sequence: Number(answer.headers.get("event-sequence") ?? 0),
          version: Number(answer.headers.get("etag")?.replaceAll('"', "") ?? 0),
          replayed: answer.headers.get("idempotent-replayed") === "true",
        };
      }
      if (answer.status === UNKNOWN_CALLER && (await this.#signedIn(again))) continue;
      const refusal = refused(answer, found);
      if (found?.outcome === "unknown" || (BETWEEN.has(answer.status) && found?.outcome !== "not_applied")) {
        stuck();
        await this.#connection.wait(pause(turn));
        continue;
      }
      if (BUSY.has(answer.status) && refusal.retryAfter && refusal.retryAfter <= SHORT && busy < BUSY_TRIES) {
        busy += 1;
        await this.#connection.wait(refusal.retryAfter * 1_000);
        continue;
      }
      performance.mark("matron-answer", { detail: key });
      throw refusal;
    }
  }

  async #signedIn(again) {
    if (again.signed) return false;
    again.signed = true;
    return this.signIn();
  }
}

const pause = (turn) => PAUSES[Math.min(turn, PAUSES.length - 1)];

function within(signal) {
  const late = AbortSignal.timeout(PATIENCE);
  return signal === null ? late : AbortSignal.any([signal, late]);
}

async function json(answer) {
  const text = await answer.text();
  if (!text) return null;
  try {
    return JSON.parse(text);
  } catch (error) {
    if (answer.ok) throw error; // half an answer: the connection broke
    return null; // a proxy's page
  }
}

function refused(answer, document) {
  const retryAfter = Number(answer.headers.get("retry-after") ?? 0) || 0;
  return new Refusal({ code: `http_${answer.status}`, ...document, status: answer.status, retryAfter });
}
