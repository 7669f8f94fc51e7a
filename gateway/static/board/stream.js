// Follows topics of the live stream as Server-Sent Events: goes on where it was after an interruption, tries again
// by itself, and says when it has heard nothing for too long. Knows frames; not what is in them.

export const STALE_AFTER = 10_000; // ms of silence after which what is shown may be old (the server speaks every 5 s)
const DEAD_AFTER = 15_000; // ms of silence after which the connection is given up: a cut cable says nothing
const FIRST_WAIT = 1_000; // ms before the first new try; each failure doubles it
const LONGEST_WAIT = 15_000;
const LOOK_EVERY = 1_000;

export class Stream {
  #topics;
  #hospital;
  #listener;
  #connect;
  #source = null;
  #seq = null; // the position of the last frame that was taken in: where to go on
  #failures = 0;
  #heard = performance.now();
  #stale = false;
  #retry = 0;
  #watch = 0;

  // `listener` has snapshot(data), messages(list), heard(frame) and stale(yes). `connect(address)` makes the source of
  // the events; without a hospital it is the one of whoever asks.
  constructor(topics, hospital, listener, connect = (address) => new EventSource(address)) {
    this.#topics = topics;
    this.#hospital = hospital;
    this.#listener = listener;
    this.#connect = connect;
  }

  start() {
    this.#heard = performance.now();
    this.#open();
    this.#watch = setInterval(() => this.#look(), LOOK_EVERY);
    window.addEventListener("online", this.#now);
    document.addEventListener("visibilitychange", this.#now);
  }

  stop() {
    clearInterval(this.#watch);
    clearTimeout(this.#retry);
    window.removeEventListener("online", this.#now);
    document.removeEventListener("visibilitychange", this.#now);
    this.#source?.close();
    this.#source = null;
  }

  #open() {
    clearTimeout(this.#retry);
    this.#retry = 0;
    this.#source?.close();
    const asked = new URLSearchParams({ topics: this.#topics.join(",") });
    if (this.#hospital) asked.set("hospital", this.#hospital);
    if (this.#seq !== null) asked.set("after", this.#seq);
    const source = this.#connect(`/api/v1/stream?${asked}`);
    const take = (event) => source === this.#source && this.#take(event.data);
    for (const kind of ["snapshot", "deltas", "heartbeat", "closing", "message"]) source.addEventListener(kind, take);
    source.addEventListener("error", () => source === this.#source && this.#again());
    this.#source = source;
    this.#opened = performance.now();
  }
  #opened = 0;

  #take(text) {
    let frame;
    try {
      frame = JSON.parse(text);
    } catch {
      return; // half a frame of a connection that broke: the next one brings it again
    }
    this.#heard = performance.now();
    this.#failures = 0;
    if (this.#stale) this.#listener.stale((this.#stale = false));
    if (frame.type === "snapshot") {
      if (!frame.more) this.#seq = frame.seq; // cut off among several topics' snapshots, all of them are asked for again
      this.#listener.snapshot(frame.data);
    } else if (frame.type === "deltas" && !(frame.seq <= this.#seq)) {
      this.#seq = frame.seq;
      this.#listener.messages(frame.messages);
    } else if (frame.type === "closing") {
      this.#again();
    }
    this.#listener.heard(frame);
  }

  // The browser would try again by itself, but not after an error's answer, and always at the same pace.
  #again() {
    this.#source?.close();
    this.#source = null;
    if (this.#retry) return;
    const wait = Math.min(FIRST_WAIT * 2 ** this.#failures++, LONGEST_WAIT);
    this.#retry = setTimeout(() => this.#open(), wait * (0.5 + Math.random() / 2)); // a hundred boards, not at once
  }

  #look() {
    const now = performance.now();
    if (!this.#stale && now - this.#heard > STALE_AFTER) this.#listener.stale((this.#stale = true));
    if (this.#source && now - Math.max(this.#heard, this.#opened) > DEAD_AFTER) this.#again();
  }

  #now = () => {
    if (document.visibilityState === "hidden") return;
    this.#look();
    if (!this.#source) this.#open();
  };
}
