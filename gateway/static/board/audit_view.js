// Draws what there was on a day, and the rows of what is looked at. Knows elements and words; asks for nothing.

import { shortened } from "./audit_lists.js";
import { keyed } from "./day_keyed.js";
import { put } from "./words.js";

const SHOWN = 120; // rows of a list that are drawn: a longer one is counted

export class AuditView {
  #parts;
  #language;
  #listNames;

  constructor(parts, language) {
    this.#parts = parts;
    this.#language = language;
    const say = (key) => language.say(key);
    this.#listNames = {
      called: say("audit_called"), serving: say("audit_served"), line: say("audit_line"), waiting: say("audit_list"),
      parked: say("audit_parked"), over: say("audit_over"), booked: say("audit_appointments"),
    };
  }

  // All that can be looked at; `chosen` is, `counts` say how full things were, by id.
  drawThings(things, chosen, counts) {
    const drawn = { slot: this.#parts.slots, service: this.#parts.services, room: this.#parts.rooms };
    for (const [kind, list] of Object.entries(drawn)) {
      list.closest("section").hidden = things[kind].length === 0;
      keyed(list, this.#parts.thing, things[kind], ({ id }) => id, (item, thing) => {
        const button = item.firstElementChild;
        button.dataset.kind = kind;
        button.dataset.id = thing.id;
        const current = chosen?.kind === kind && chosen.id === thing.id;
        if (current && !button.hasAttribute("aria-current")) requestAnimationFrame(() => reveal(button));
        if (current) button.setAttribute("aria-current", "true");
        else button.removeAttribute("aria-current");
        item.toggleAttribute("data-quiet", thing.entries === 0);
        write(item.querySelector(".name"), thing.name);
        write(item.querySelector(".about"), thing.about);
        const count = counts.get(thing.id);
        write(item.querySelector(".count"), count ? String(count.busy + count.line) : "");
      });
    }
  }

  // `lists`: an AuditLists; `changed`: ids of rows that are new or other than a moment ago; `picked`: those clicked on.
  drawLists(lists, changed, picked) {
    this.#drawHead(lists);
    const some = lists.lists.filter(({ name, rows }) => rows.length > 0 || name === "line");
    keyed(this.#parts.lists, this.#parts.list, some, ({ name }) => name, (section, { name, rows }) => {
      section.dataset.list = name;
      put(section.querySelector("h3"), `${this.#listNames[name]} · ${rows.length}`, this.#language);
      const shown = rows.slice(0, SHOWN);
      keyed(section.querySelector("ol"), this.#parts.row, shown, ({ id }) => id, (item, row) => this.#fill(item, row, changed, picked));
      const more = section.querySelector(".more");
      more.hidden = rows.length <= SHOWN;
      write(more, `+${rows.length - SHOWN}`);
    });
  }

  #drawHead({ kind, thing }) {
    const facts = [];
    if (kind === "slot") {
      const taken = thing.max_capacity - thing.free_seats;
      facts.push(this.#language.say("audit_seats", { taken, seats: thing.max_capacity }), thing.status.toLowerCase());
      if (thing.delay_minutes) facts.push(`+${thing.delay_minutes} min`);
    } else if (kind === "service") {
      facts.push(this.#language.say("patients_wait", { count: thing.waiting }), thing.status.toLowerCase());
    } else facts.push(thing.state);
    write(this.#parts.facts, facts.join(" · "));
  }

  #fill(item, row, changed, picked) {
    const button = item.firstElementChild;
    button.dataset.row = row.id;
    button.setAttribute("aria-pressed", String(picked.includes(row.id)));
    item.toggleAttribute("data-changed", changed.has(row.id));
    item.querySelector(".news").hidden = !changed.has(row.id);
    write(item.querySelector(".place"), row.place ? String(row.place) : "");
    write(item.querySelector(".code"), row.code);
    write(item.querySelector(".tier"), row.tier);
    write(item.querySelector(".status"), row.status);
    write(item.querySelector(".when"), row.when);
    write(item.querySelector(".patient"), shortened(row.patient));
  }
}

// Into the sight of its own column, without moving the page.
function reveal(button) {
  const column = button.closest("nav");
  const [inner, outer] = [button.getBoundingClientRect(), column.getBoundingClientRect()];
  if (inner.top < outer.top || inner.bottom > outer.bottom) column.scrollTop += inner.top - outer.top - outer.height / 3;
}

export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
