// Whether the server can be heard. Told by whoever asks and whoever listens; tells whoever wants to know.

export class Connection extends EventTarget {
  #lost = new Set();

  constructor() {
    super();
    window.addEventListener("offline", () => this.tell("network", false));
    window.addEventListener("online", () => this.tell("network", true));
    if (!navigator.onLine) this.#lost.add("network");
  }

  get here() {
    return this.#lost.size === 0;
  }

  // `who` (requests, a stream) hears the server, or does not.
  tell(who, here) {
    const before = this.here;
    if (here) this.#lost.delete(who);
    else this.#lost.add(who);
    if (before !== this.here) this.dispatchEvent(new Event("change"));
    if (here && who === "network") this.dispatchEvent(new Event("retry"));
  }

  // So many milliseconds, or until the network is said to be back.
  async wait(milliseconds) {
    await new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.addEventListener("retry", () => (clearTimeout(timer), resolve()), { once: true });
    });
  }
}
