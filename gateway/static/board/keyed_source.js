// Server-Sent Events for who must say who he is: what EventSource does, with headers. Knows how events are written.

const DATA = "data: ";
const EVENT = "event: ";

export class KeyedSource {
  #listeners = new Map();
  #abort = new AbortController();

  // `refused()`: it was answered, but not with events; why, whoever asks for the view is told.
  constructor(address, headers, refused) {
    this.#read(address, headers, refused);
  }

  addEventListener(kind, listener) {
    this.#listeners.set(kind, listener);
  }

  close() {
    this.#abort.abort();
  }

  async #read(address, headers, refused) {
    try {
      const asked = { headers: { ...headers, Accept: "text/event-stream" }, cache: "no-store", signal: this.#abort.signal };
      const answer = await fetch(address, asked);
      if (!answer.ok) {
        refused();
        throw new Error(`refused with ${answer.status}`);
      }
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      let text = "";
      for (let read = await reader.read(); !read.done; read = await reader.read()) {
        const blocks = (text + read.value).split("\n\n");
        text = blocks.pop();
        for (const block of blocks) this.#tell(block.split("\n"));
      }
    } catch {
      // a refusal and a cut cable end alike: whoever listens tries again
    }
    if (!this.#abort.signal.aborted) this.#listeners.get("error")?.({});
  }

  #tell(lines) {
    const kind = lines.find((line) => line.startsWith(EVENT))?.slice(EVENT.length) ?? "message";
    const data = lines.filter((line) => line.startsWith(DATA)).map((line) => line.slice(DATA.length));
    if (data.length) this.#listeners.get(kind)?.({ data: data.join("\n") });
  }
}
