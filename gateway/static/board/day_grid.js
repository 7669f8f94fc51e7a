// The timeline: a row for each room, a block for each time that is held of it. One block at a time is in the tab
// order; arrow keys move it. Knows how it is drawn and walked through; not where it comes from.

import { keyed } from "./day_keyed.js";
import { label } from "./day_words.js";

const MINUTE = 60_000;
const LOOKS = new WeakMap(); // of each cell, all that its looks come from

export class DayGrid {
  #parts;
  #choose;
  #rows = []; // [{id, cells: [{key, from, to, element}]}]: as drawn, the row's header first
  #current = "";
  #row = 0; // where the current cell stands, to be near it when it is gone
  #drawn = "";

  // `choose(room id, key or null)`: somebody wants details, of a room or of an item in it; with nothing: no more.
  constructor(parts, choose) {
    this.#parts = parts;
    this.#choose = choose;
    parts.grid.addEventListener("keydown", (event) => this.#press(event));
    parts.grid.addEventListener("focusin", (event) => this.#enter(event.target.closest("[data-key]")));
    parts.grid.addEventListener("click", (event) => this.#pick(event.target.closest("[data-key]")));
  }

  draw(day, speech, now) {
    const range = day.shown(speech.time.hours());
    const share = (at) => (Math.min(Math.max(at, range.from), range.to) - range.from) / (range.to - range.from);
    this.#parts.timeline.style.setProperty("--hours", range.hours.length - 1);
    this.#parts.timeline.style.setProperty("--rows", Math.max(day.rooms.length, 1));
    this.#drawHours(range, share, speech);
    this.drawNow(now, range);
    const focused = this.#parts.grid.contains(document.activeElement);
    this.#rows = keyed(this.#parts.grid, this.#parts.row, day.rooms, (room) => room.id, (row, room) => {
      this.#drawRow(row, room, speech, now, share, day.has(now));
    }).map((row, place) => ({ id: day.rooms[place].id, cells: cellsOf(row, day.rooms[place]) }));
    this.#settle(focused);
  }

  drawNow(now, range = this.range) {
    this.range = range;
    const line = this.#parts.now;
    line.hidden = !range || now < range.from || now > range.to;
    if (!line.hidden) line.style.setProperty("--at", (now - range.from) / (range.to - range.from));
  }

  // So that what happens now is in sight where not all hours are.
  scrollToNow() {
    const { timeline, now } = this.#parts;
    if (now.hidden || timeline.scrollWidth <= timeline.clientWidth) return;
    const [line, around] = [now.getBoundingClientRect(), timeline.getBoundingClientRect()];
    timeline.scrollBy(line.left - (around.left + around.width / 2), 0);
  }

  // Hours are lines and numbers for eyes; ears hear the times of each block.
  #drawHours({ from, to, hours }, share, speech) {
    const drawn = `${from} ${to} ${speech.time.time(from)}`;
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    const mark = (kind, { at }, text) => {
      const made = document.createElement("span");
      made.className = kind;
      made.textContent = text;
      made.style.setProperty("--at", share(at));
      return made;
    };
    const named = hours.slice(0, -1).map((hour) => mark("hour", hour, speech.time.time(hour.at)));
    this.#parts.hours.replaceChildren(...named);
    this.#parts.lines.replaceChildren(...hours.map((hour) => mark("line", hour, "")), this.#parts.now);
  }

  #drawRow(row, room, speech, now, share, today) {
    const head = row.querySelector("[role=rowheader]");
    drawRoom(head, room, speech, today);
    head.dataset.key = `room ${room.id}`;
    row.dataset.state = today ? room.state : "";
    keyed(row.querySelector(".track"), this.#parts.cell, room.items, (item) => item.key, (cell, item) => {
      drawCell(cell, item, speech, now, share);
    });
  }

  #settle(focused) {
    for (const [place, row] of this.#rows.entries()) {
      if (row.cells.some((cell) => cell.key === this.#current)) this.#row = place;
    }
    this.#row = Math.min(this.#row, Math.max(this.#rows.length - 1, 0));
    const known = this.#find(this.#current) ?? this.#rows[this.#row]?.cells[0];
    this.#current = known?.key ?? "";
    for (const row of this.#rows) {
      for (const { key, element } of row.cells) {
        const index = key === known?.key ? 0 : -1;
        if (element.tabIndex !== index) element.tabIndex = index;
      }
    }
    if (focused && known && document.activeElement !== known.element) known.element.focus();
  }

  #find(key) {
    return this.#rows.flatMap((row) => row.cells).find((cell) => cell.key === key);
  }

  #enter(element) {
    if (!element) return;
    this.#current = element.dataset.key;
    this.#settle(false);
  }

  #pick(element) {
    if (!element) return;
    element.focus();
    const row = this.#rows[this.#row];
    this.#choose(row.id, element === row.cells[0].element ? null : element.dataset.key);
  }

  #press(event) {
    const place = this.#rows[this.#row]?.cells.findIndex((cell) => cell.key === this.#current) ?? -1;
    if (place < 0 || event.altKey || event.metaKey) return;
    const went = this.#go(event, this.#rows[this.#row].cells, place);
    if (went) event.preventDefault();
  }

  #go({ key, ctrlKey }, cells, place) {
    const forward = getComputedStyle(this.#parts.grid).direction === "rtl" ? "ArrowLeft" : "ArrowRight";
    switch (key) {
      case "ArrowLeft":
      case "ArrowRight":
        return this.#focus(cells[place + (key === forward ? 1 : -1)]);
      case "ArrowUp":
      case "ArrowDown":
        return this.#focus(beside(cells[place], place, this.#rows[this.#row + (key === "ArrowUp" ? -1 : 1)]));
      case "Home":
        return this.#focus(ctrlKey ? this.#rows[0].cells[0] : cells[0]);
      case "End":
        return this.#focus((ctrlKey ? this.#rows.at(-1).cells : cells).at(-1));
      case "Enter":
      case " ":
        this.#pick(cells[place].element);
        return true;
      case "Escape":
        this.#choose(null, null);
        return true;
      default:
        return false;
    }
  }

  // An edge is an edge: the key is spent, so that the page does not scroll instead.
  #focus(cell) {
    cell?.element.focus();
    return true;
  }
}

// In the row above or below: from a header the header, from a block the one that is nearest in time.
function beside(cell, place, row) {
  if (!row || place === 0 || row.cells.length === 1) return row?.cells[0];
  const distance = (other) => Math.max(other.from - cell.to, cell.from - other.to, 0);
  const middle = (other) => Math.abs(other.from + other.to - cell.from - cell.to);
  const better = (one, other) => distance(one) - distance(other) || middle(one) - middle(other);
  return [...row.cells.slice(1)].sort(better)[0];
}

function cellsOf(row, room) {
  const [head, ...blocks] = row.querySelectorAll("[data-key][role]");
  const cells = blocks.map((element, place) => ({ ...room.items[place], element }));
  return [{ key: `room ${room.id}`, from: 0, to: 0, element: head }, ...cells];
}

// The header of a room, in the timeline and in the list. Without a label the chip is only a colour.
export function drawRoom(head, room, speech, today) {
  const chip = head.querySelector(".chip");
  chip.textContent = label(room);
  chip.style.backgroundColor = room.color_hex;
  chip.style.color = room.contrast_text_color;
  head.querySelector(".name").textContent = room.name;
  head.querySelector(".type").textContent = room.type ?? "";
  const state = head.querySelector(".state");
  state.hidden = !today;
  state.textContent = today ? speech.state(room) : "";
  state.dataset.state = room.state;
}

// A cell that would look as before is left alone: of a thousand, one message changes one.
function drawCell(cell, item, speech, now, share) {
  const { kind, status, start, end, planned } = item;
  const looks = [kind, status, start, end, planned, share(item.from), share(item.to), item.to <= now].join();
  if (LOOKS.get(cell) === looks) return;
  LOOKS.set(cell, looks);
  cell.dataset.kind = kind;
  cell.dataset.status = status;
  cell.toggleAttribute("data-past", item.to <= now);
  cell.ariaLabel = cell.title = speech.item(item);
  cell.style.setProperty("--from", share(item.from));
  cell.style.setProperty("--to", share(item.to));
  const length = { setup: item.start - item.from, core: item.end - item.start, cleaning: item.to - item.end };
  for (const [part, lasts] of Object.entries(length)) {
    const element = cell.querySelector(`.${part}`);
    element.hidden = lasts <= 0;
    element.style.flexGrow = Math.max(lasts / MINUTE, 0);
  }
  cell.querySelector(".when").textContent = speech.time.time(item.start);
  cell.querySelector(".what").textContent = speech.status(item);
}
