// Says what became of an action: to be seen at the end of the page, and read out. Knows no action.

import { el, fill, say } from "./dom.js";

const SHOWN = 8_000; // ms; what went wrong stays until it is closed or something else is said

export class Outcome {
  #place;
  #polite;
  #assertive;
  #timer = 0;
  #words;

  // `words()`: the language of the moment.
  constructor(words) {
    this.#words = words;
    this.#polite = el("p", { class: "spoken", role: "status" });
    this.#assertive = el("p", { class: "spoken", role: "alert" });
    this.#place = el("div", { class: "outcome", hidden: true });
    this.element = el("div", { class: "outcomes" }, this.#place, this.#polite, this.#assertive);
  }

  // It is done. `more`: buttons, such as one that takes the step back.
  said(text, ...more) {
    this.#show("done", text, more);
    say(this.#assertive, "");
    say(this.#polite, text);
    this.#timer = setTimeout(() => this.close(), SHOWN);
  }

  // It is not done, and why.
  failed(text, ...more) {
    this.#show("failed", text, more);
    say(this.#polite, "");
    say(this.#assertive, text);
  }

  close() {
    clearTimeout(this.#timer);
    this.#place.hidden = true;
  }

  #show(kind, text, more) {
    clearTimeout(this.#timer);
    this.#place.className = `outcome ${kind}`;
    const close = el("button", { type: "button", class: "plain", onClick: () => this.close() }, this.#words().say("close"));
    fill(this.#place, el("p", { dataset: { part: "outcome" } }, text), ...more, close);
    this.#place.hidden = false;
    performance.mark("matron-outcome", { detail: kind });
  }
}
