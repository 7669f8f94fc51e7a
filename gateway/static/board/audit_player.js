// Moves the moment: the slider, its keys, playing, and following the end of a day that is not over.

import { write } from "./audit_view.js";
import { put } from "./words.js";

const FRAME = 120; // ms between two moves while it plays

export class AuditPlayer {
  #parts;
  #language;
  #asked;
  #timer = 0;
  #drawn = null; // the day whose bars are drawn
  #marked = null; // the entries that are marked
  live = false;

  // `asked`: {day(), at(), go(at, exact), beside(way)}.
  constructor(parts, language, asked) {
    this.#parts = parts;
    this.#language = language;
    this.#asked = asked;
    const { slider, before, after, play, live } = parts;
    slider.addEventListener("input", () => asked.go(asked.day().start + Number(slider.value)));
    slider.addEventListener("keydown", (event) => this.#key(event));
    before.addEventListener("click", () => this.#step(-1));
    after.addEventListener("click", () => this.#step(1));
    play.addEventListener("click", () => (this.#timer ? this.stop() : this.#play()));
    live.addEventListener("click", () => this.#turnLive());
  }

  stop() {
    clearInterval(this.#timer);
    this.#timer = 0;
    this.#drawPlay();
  }

  #step(way) {
    this.stop();
    this.#asked.beside(way);
  }

  #turnLive() {
    this.stop();
    if (this.live) this.live = false;
    else this.#asked.go(this.#asked.day().end);
    this.draw();
  }

  #play() {
    const day = this.#asked.day();
    if (!day) return;
    if (this.#asked.at() >= day.end) this.#asked.go(day.start);
    this.#timer = setInterval(() => this.#tick(), FRAME);
    this.#drawPlay();
  }

  #tick() {
    const day = this.#asked.day();
    if (!day) return this.stop();
    const at = this.#asked.at() + FRAME * Number(this.#parts.speed.value);
    this.#asked.go(at);
    if (at >= day.end) this.stop();
  }

  #key(event) {
    const day = this.#asked.day();
    if (!day || event.altKey || event.ctrlKey || event.metaKey) return;
    const forward = getComputedStyle(this.#parts.slider).direction === "rtl" ? -1 : 1;
    const moves = {
      ArrowRight: forward * day.step, ArrowLeft: -forward * day.step, ArrowUp: day.step, ArrowDown: -day.step,
      PageUp: day.page, PageDown: -day.page,
    };
    const at = this.#asked.at();
    if (event.key in moves) this.#asked.go(at + moves[event.key]);
    else if (event.key === "Home") this.#asked.go(day.start);
    else if (event.key === "End") this.#asked.go(day.end);
    else if (event.key === "n" || event.key === "N") this.#step(1);
    else if (event.key === "p" || event.key === "P") this.#step(-1);
    else if (event.key === " ") this.#parts.play.click();
    else return;
    event.preventDefault();
  }

  draw(clock = this.clock, entries = this.#marked ?? []) {
    this.clock = clock;
    const day = this.#asked.day();
    const { slider, now, live } = this.#parts;
    live.hidden = !day?.live;
    live.setAttribute("aria-pressed", String(this.live));
    if (!day) return;
    this.#drawBars(day, entries);
    const at = this.#asked.at();
    const said = clock.exact(at);
    slider.max = String(day.span);
    slider.value = String(Math.round(at - day.start));
    slider.setAttribute("aria-valuetext", said);
    write(now, said);
  }

  // The bars are drawn when they are others: a slider moves more often.
  #drawBars(day, entries) {
    if (this.#drawn !== day) {
      this.#drawn = day;
      this.#marked = null;
      this.#parts.all.setAttribute("d", day.bars());
      this.#parts["refused-bars"].setAttribute("d", day.bars(({ refused }) => refused));
      write(this.#parts.from, this.clock.exact(day.start));
      write(this.#parts.to, this.clock.exact(day.end));
    }
    if (this.#marked !== entries) {
      this.#marked = entries;
      this.#parts.mine.setAttribute("d", day.marks(entries));
    }
  }

  #drawPlay() {
    const playing = Boolean(this.#timer);
    this.#parts.play.setAttribute("aria-pressed", String(playing));
    put(this.#parts.play.firstElementChild, playing ? this.#language.say("audit_pause") : this.#language.say("audit_play"), this.#language);
  }
}
