// The same day as a plain list, for phones and for whoever prefers one: the rooms, and below each what is held of it.

import { keyed } from "./day_keyed.js";
import { drawRoom } from "./day_grid.js";

export class DayList {
  #parts;

  constructor(parts) {
    this.#parts = parts;
  }

  draw(day, speech, now) {
    keyed(this.#parts.list, this.#parts["list-room"], day.rooms, (room) => room.id, (section, room) => {
      drawRoom(section.querySelector("h3"), room, speech, day.has(now));
      section.querySelector(".nothing").hidden = room.items.length > 0;
      keyed(section.querySelector("ul"), this.#parts["list-item"], room.items, (item) => item.key, (row, item) => {
        row.dataset.kind = item.kind;
        row.dataset.status = item.status;
        row.toggleAttribute("data-past", item.to <= now);
        row.toggleAttribute("data-now", item.from <= now && now < item.to);
        row.querySelector(".when").textContent = speech.range(item);
        row.querySelector(".what").textContent = speech.status(item);
        row.querySelector(".around").textContent = speech.around(item).join(" · ");
      });
    });
  }
}
