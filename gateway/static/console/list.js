// Long lists: only the rows in view are in the document, so that a thousand cost no more than twenty. By keyboard as a
// list box: one stop of Tab, arrows inside. Knows nothing of what a row is.

import { el, fill, freshId } from "./dom.js";

const AROUND = 4; // rows beyond each edge that are kept ready
const PAGE = 10;

export class List {
  #rows = [];
  #places = new Map(); // place by key
  #shown = new Map(); // element by key
  #keyOf;
  #row;
  #height;
  #chosen = null;
  #stays;
  #onChoose;
  #onOpen;
  #frame = 0;
  #drawn = 0;
  #space = el("div", { class: "space", role: "presentation" });
  #empty;
  #id = freshId("list");

  // `row(item, place)` gives what is in a row; `keyOf(item)` a key that stays its own. `onChoose(item)`: it is the chosen one;
  // `onOpen(item)`: Enter, or a double click. `height` of a row, in CSS pixels at a root size of 16. When the chosen row
  // leaves, the next one is chosen; where it `stays`, none is: whoever works on it goes on with it.
  constructor({ label, row, keyOf = (item) => item.id, onChoose = () => {}, onOpen = () => {}, height = 52, empty = "", stays = false }) {
    this.#stays = stays;
    this.#row = row;
    this.#keyOf = keyOf;
    this.#onChoose = onChoose;
    this.#onOpen = onOpen;
    this.#height = height;
    this.#empty = el("p", { class: "empty" }, empty);
    this.box = el(
      "div",
      { class: "list", role: "listbox", tabindex: 0, "aria-label": label, onScroll: () => this.#soon(), onKeydown: (event) => this.#key(event) },
      this.#space,
    );
    this.element = el("div", { class: "listed" }, this.#empty, this.box);
    this.box.addEventListener("click", (event) => this.#clicked(event, false));
    this.box.addEventListener("dblclick", (event) => this.#clicked(event, true));
    new ResizeObserver(() => this.#soon()).observe(this.box);
    this.set([]);
  }

  get items() {
    return this.#rows;
  }

  // The item that is chosen; null when none is, or no more.
  get chosen() {
    const place = this.#places.get(this.#chosen);
    return place === undefined ? null : this.#rows[place];
  }

  // The rows from now on, in order. Rows whose item is the same object are left as they are.
  set(items) {
    const before = this.#places.get(this.#chosen);
    this.#rows = items;
    this.#places = new Map(items.map((item, place) => [this.#keyOf(item), place]));
    if (this.#chosen !== null && !this.#stays && !this.#places.has(this.#chosen)) {
      const next = items[Math.min(before ?? 0, items.length - 1)];
      this.choose(next ? this.#keyOf(next) : null);
    }
    this.#empty.hidden = items.length > 0;
    this.box.hidden = items.length === 0;
    this.#soon();
  }

  choose(key, { show = false } = {}) {
    if (key === this.#chosen) return;
    this.#chosen = key;
    if (show) this.#into(this.#places.get(key) ?? 0);
    this.#soon();
    this.#onChoose(this.chosen);
  }

  focus() {
    this.box.focus();
  }

  // Draws the rows in view again: what they say has become older.
  redraw() {
    this.#drawn += 1;
    this.#soon();
  }

  #soon() {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#draw();
    });
  }

  #size() {
    return (this.#height * parseFloat(getComputedStyle(document.documentElement).fontSize)) / 16;
  }

  #draw() {
    const size = this.#size();
    const top = Math.max(0, Math.floor(this.box.scrollTop / size) - AROUND);
    const end = Math.min(this.#rows.length, Math.ceil((this.box.scrollTop + this.box.clientHeight) / size) + AROUND);
    this.#space.style.blockSize = `${this.#rows.length * size}px`;
    const wanted = new Map();
    for (let place = top; place < end; place += 1) wanted.set(this.#keyOf(this.#rows[place]), place);
    const chosen = this.#places.get(this.#chosen);
    if (chosen !== undefined) wanted.set(this.#chosen, chosen); // whoever reads with a screen reader stands there
    for (const [key, made] of this.#shown) {
      if (wanted.has(key)) continue;
      made.remove();
      this.#shown.delete(key);
    }
    let before = null;
    for (const [key, place] of [...wanted].sort((one, other) => one[1] - other[1])) {
      const made = this.#place(key, place, size);
      // In the document as on the page: whoever reads on reads in order.
      if (made.parentNode !== this.#space || made.previousElementSibling !== before) this.#space.insertBefore(made, before ? before.nextSibling : this.#space.firstChild);
      before = made;
    }
    if (chosen === undefined) this.box.removeAttribute("aria-activedescendant");
    else this.box.setAttribute("aria-activedescendant", this.#shown.get(this.#chosen).id);
  }

  #place(key, place, size) {
    let made = this.#shown.get(key);
    const item = this.#rows[place];
    if (!made) {
      made = el("div", { class: "row", role: "option", id: `${this.#id}-${freshId("row")}` });
      made.key = key;
      this.#shown.set(key, made);
    }
    if (made.item !== item || made.place !== place || made.drawn !== this.#drawn) {
      made.item = item;
      made.drawn = this.#drawn;
      fill(made, this.#row(item, place));
    }
    if (made.place !== place || made.size !== size) {
      made.place = place;
      made.size = size;
      made.style.insetBlockStart = `${place * size}px`;
      made.style.blockSize = `${size}px`;
      made.setAttribute("aria-posinset", place + 1);
    }
    made.setAttribute("aria-setsize", this.#rows.length);
    made.setAttribute("aria-selected", String(key === this.#chosen));
    return made;
  }

  #into(place) {
    const size = this.#size();
    const { scrollTop, clientHeight } = this.box;
    if (place * size < scrollTop) this.box.scrollTop = place * size;
    else if ((place + 1) * size > scrollTop + clientHeight) this.box.scrollTop = (place + 1) * size - clientHeight;
  }

  #key(event) {
    const last = this.#rows.length - 1;
    const now = this.#places.get(this.#chosen) ?? -1;
    const steps = { ArrowDown: now + 1, ArrowUp: now - 1, Home: 0, End: last, PageDown: now + PAGE, PageUp: now - PAGE };
    if (event.key === "Enter" && this.chosen) {
      event.preventDefault();
      this.#onOpen(this.chosen);
    }
    if (!(event.key in steps) || last < 0) return;
    event.preventDefault();
    const place = Math.min(Math.max(steps[event.key], 0), last);
    this.choose(this.#keyOf(this.#rows[place]), { show: true });
  }

  #clicked(event, open) {
    const made = event.target.closest(".row");
    if (!made) return;
    this.choose(made.key);
    if (open) this.#onOpen(made.item);
  }
}
