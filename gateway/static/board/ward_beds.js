// The beds of a ward, room by room. One bed at a time is in the tab order; arrow keys move it to the nearest in their
// direction. Knows how beds are drawn and walked through; not where they come from.

import { keyed } from "./day_keyed.js";
import { put } from "./words.js";

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const ASIDE = 4; // a bed that lies aside of the way counts as so much farther
const [LARGEST, SMALLEST, STEP] = [2, 0.75, 0.05]; // sizes of the letters on beds, as multiples of the page's
const ON_A_PHONE = 1.1;
const LOOKS = new WeakMap(); // of each bed, all that its looks come from

export class WardBeds {
  #parts;
  #choose;
  #current = ""; // id of the bed in the tab order
  #fitted = ""; // for what the size was chosen
  #size = 0;

  // `choose(id or null)`: somebody wants details of a bed, or no more.
  constructor(parts, choose) {
    this.#parts = parts;
    this.#choose = choose;
    parts.rooms.addEventListener("keydown", (event) => this.#press(event));
    parts.rooms.addEventListener("focusin", (event) => this.#enter(event.target.closest("[data-key]")));
    parts.rooms.addEventListener("click", (event) => this.#pick(event.target.closest("[data-key]")));
  }

  draw(ward, speech, language, now, chosen) {
    const focused = this.#parts.rooms.contains(document.activeElement);
    keyed(this.#parts.rooms, this.#parts.room, ward.rooms, (room) => `room ${room.room}`, (section, room) => {
      const heading = section.querySelector("h3");
      put(heading, speech.room(room.room), language);
      heading.hidden = !room.room;
      keyed(section.querySelector("ul"), this.#parts.bed, room.beds, (bed) => bed.id, (item, bed) => {
        this.#fill(item, bed, ward.overdue(bed, now), speech, language, now, chosen);
      });
    });
    this.#settle(focused);
  }

  // The largest beds with which all are in sight; on a phone, where the page scrolls, those that fit its width.
  fit(ward, staff) {
    const { rooms } = this.#parts;
    const across = Math.min(Math.max(...ward.rooms.map((room) => room.beds.length), 1), 2);
    const around = rooms.parentElement;
    const narrow = innerWidth < 700;
    const fits = () => narrow || around.scrollHeight <= around.clientHeight + 1;
    const asked = `${ward.rooms.map((room) => room.beds.length)} ${staff} ${innerWidth} ${innerHeight}`;
    // With the hours that pass, and names that come, what is said on a bed becomes longer.
    if (asked === this.#fitted && (this.#size <= SMALLEST || fits())) return;
    this.#fitted = asked;
    rooms.style.setProperty("--across", across);
    this.#size = (narrow ? ON_A_PHONE : LARGEST) + STEP;
    do {
      this.#size = Math.max(this.#size - STEP, SMALLEST);
      rooms.style.setProperty("--size", this.#size.toFixed(2));
    } while (this.#size > SMALLEST && !fits());
  }

  // A bed that would look as before is left alone: of hundreds, one message changes one.
  #fill(item, bed, overdue, speech, language, now, chosen) {
    const button = item.firstElementChild;
    const lasting = speech.lasting(bed, now, overdue);
    const looks = JSON.stringify([bed, lasting, overdue, bed.id === chosen, language.code]);
    if (LOOKS.get(button) === looks) return;
    LOOKS.set(button, looks);
    button.dataset.key = bed.id;
    button.dataset.state = bed.state;
    button.toggleAttribute("data-overdue", overdue);
    button.ariaPressed = String(bed.id === chosen);
    button.ariaLabel = speech.bed(bed, now, overdue);
    button.querySelector(".label").textContent = bed.label;
    button.querySelector(".isolation").hidden = !bed.isolation;
    put(button.querySelector(".state"), speech.state(bed.state), language);
    put(button.querySelector(".lasted"), lasting, language);
    button.querySelector(".who").textContent = bed.patient_name ?? "";
    const acuity = button.querySelector(".acuity");
    acuity.dataset.acuity = bed.acuity ?? "";
    put(acuity.lastElementChild, bed.acuity ? speech.acuity(bed.acuity) : "", language);
    acuity.hidden = !bed.acuity;
    button.querySelector(".carers").textContent = speech.carers(bed);
  }

  get #all() {
    return [...this.#parts.rooms.querySelectorAll("[data-key]")];
  }

  // Exactly one bed is in the tab order; where the focused one is gone, the focus goes to the first that is left.
  #settle(focused) {
    const all = this.#all;
    const current = all.find((bed) => bed.dataset.key === this.#current) ?? all[0];
    for (const bed of all) {
      const index = bed === current ? 0 : -1;
      if (bed.tabIndex !== index) bed.tabIndex = index;
    }
    this.#current = current?.dataset.key ?? "";
    if (focused && !this.#parts.rooms.contains(document.activeElement)) current?.focus();
  }

  #enter(bed) {
    if (!bed || bed.dataset.key === this.#current) return;
    for (const other of this.#all) other.tabIndex = other === bed ? 0 : -1;
    this.#current = bed.dataset.key;
  }

  #pick(bed) {
    if (bed) this.#choose(bed.ariaPressed === "true" ? null : bed.dataset.key);
  }

  #press(event) {
    const bed = event.target.closest("[data-key]");
    if (!bed || event.altKey || event.metaKey) return;
    const all = this.#all;
    let next = null;
    if (event.key in ARROWS) next = nearest(bed, all, ...ARROWS[event.key]);
    else if (event.key === "Home") next = all[0];
    else if (event.key === "End") next = all.at(-1);
    else if (event.key === "Escape") this.#choose(null);
    else return;
    event.preventDefault();
    next?.focus();
  }
}

// The bed that lies nearest in this direction, as the eye sees it.
function nearest(from, beds, x, y) {
  const start = middle(from);
  let best = null;
  let least = Infinity;
  for (const bed of beds) {
    const there = middle(bed);
    const [across, down] = [there.x - start.x, there.y - start.y];
    const ahead = across * x + down * y;
    if (ahead < 2) continue;
    const far = ahead + ASIDE * Math.abs(x ? down : across);
    if (far < least) [best, least] = [bed, far];
  }
  return best;
}

function middle(element) {
  const box = element.getBoundingClientRect();
  return { x: box.left + box.width / 2, y: box.top + box.height / 2 };
}
