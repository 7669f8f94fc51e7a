// The calls that a board shows, from views and from messages, and which of them nobody has heard yet. Draws nothing.

const SHOWN = 8;
const AT_A_COUNTER = new Set(["called", "consulting"]);

// Microseconds since 1970: two calls may lie within one millisecond.
export function micros(at) {
  const [, seconds, fraction = ""] = /^(.*?)(?:\.(\d+))?Z$/.exec(at) ?? [null, at];
  return (Date.parse(`${seconds}Z`) || 0) * 1000 + Number(fraction.padEnd(6, "0").slice(0, 6));
}

export class Calls {
  #list = [];
  #heard; // the instant of the last call that was announced; null: this board has just been turned on

  constructor(heard = null) {
    this.#heard = heard;
  }

  get list() {
    return this.#list.slice(0, SHOWN);
  }

  get heard() {
    return this.#heard;
  }

  has(call) {
    return this.#list.some((other) => other.code === call.code && other.at === call.at);
  }

  // A whole view takes the place of what was there. Returns the calls in it that are new, the oldest first.
  take(calls) {
    this.#list = calls.map((call) => ({ ...call, at: micros(call.at) })).sort((one, other) => other.at - one.at);
    const turnedOn = this.#heard === null;
    const fresh = this.#list.filter((call) => call.at > (this.#heard ?? 0)).reverse();
    this.#heard = Math.max(this.#heard ?? 0, this.#list[0]?.at ?? 0);
    return turnedOn ? [] : fresh;
  }

  // One message. Returns the call that it brings, if that is new.
  apply(message) {
    const at = micros(message.at);
    const known = this.#list.find((call) => call.code === message.code);
    if (known && at < known.at) return null; // older than the view that we have
    if (message.type === "patient_called") {
      const call = {
        code: message.code,
        counter: message.counter,
        counter_location: known?.counter === message.counter ? known.counter_location : "",
        status: message.status ?? "called",
        calls: message.calls,
        at,
      };
      this.#list = [call, ...this.#list.filter((other) => other.code !== call.code)].sort((a, b) => b.at - a.at);
      if (call.at <= (this.#heard ?? 0)) return null;
      this.#heard = call.at;
      return call;
    }
    // Whoever has a place in line, or another end, is at no counter any more.
    const status = message.type === "queue_position_update" ? "waiting" : message.status;
    if (known && status) {
      if (AT_A_COUNTER.has(status)) known.status = status;
      else this.#list = this.#list.filter((call) => call !== known);
    }
    return null;
  }
}
