// Follows topics of the live stream for a view, over a WebSocket; where none gets through, over Server-Sent Events.
// A browser opens six connections to one place for all its tabs, and WebSockets are not among them.

import { KeyedSource } from "/static/board/keyed_source.js";
import { Stream } from "/static/board/stream.js";

const PROTOCOL = "matron";
const TRIES = 2; // sockets that may fail unheard before the other way is tried

export class Live {
  #connection;
  #who;
  #deaf = 0;

  // `who()` has `key` (or null), `hospital`, `headers`, and `said` where headers must be sent: sockets have none.
  constructor(connection, who) {
    this.#connection = connection;
    this.#who = who;
  }

  // `listener` has snapshot(topic, data), messages(list), stale(yes), all but the first two left out at will. Gives what
  // ends it.
  follow(topics, listener) {
    const name = `stream ${topics}`;
    let taken = null;
    const stream = new Stream(
      topics,
      this.#who().hospital,
      {
        snapshot: (data) => (taken = data),
        messages: (list) => listener.messages(list),
        heard: (frame) => {
          this.#connection.tell(name, true);
          if (frame.type === "snapshot" && taken !== null) listener.snapshot(frame.topic, taken);
          taken = null;
        },
        stale: (yes) => {
          this.#connection.tell(name, !yes);
          listener.stale?.(yes);
        },
      },
      (address) => this.#source(address),
    );
    stream.start();
    return () => {
      stream.stop();
      this.#connection.tell(name, true);
    };
  }

  #source(address) {
    const who = this.#who();
    if (who.said || this.#deaf >= TRIES) return new KeyedSource(address, who.headers, () => {});
    return new SocketSource(address, who.key, (heard) => (this.#deaf = heard ? 0 : this.#deaf + 1));
  }
}

// A WebSocket that looks like a source of events.
class SocketSource {
  #listeners = new Map();
  #socket;
  #closed = false;

  // `over(heard)`: it ended, having said something or nothing.
  constructor(address, key, over) {
    const url = new URL(address, location.href);
    url.protocol = url.protocol.replace("http", "ws");
    this.#socket = new WebSocket(url, key ? [PROTOCOL, `key.${key}`] : []);
    let heard = false;
    this.#socket.addEventListener("message", ({ data }) => {
      heard = true;
      this.#listeners.get("message")?.({ data });
    });
    this.#socket.addEventListener("close", () => {
      if (this.#closed) return;
      over(heard);
      this.#listeners.get("error")?.({});
    });
  }

  addEventListener(kind, listener) {
    this.#listeners.set(kind, listener);
  }

  close() {
    this.#closed = true;
    this.#socket.close();
  }
}
