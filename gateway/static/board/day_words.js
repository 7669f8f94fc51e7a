// What the day board says of rooms and of what is held of them, in one language. Knows words; draws nothing.

import { apart } from "./words.js";

const STATUS = {
  held: (say) => say("held"),
  booked: (say) => say("booked"),
  checked_in: (say) => say("checked_in"),
  in_progress: (say) => say("in_progress"),
  completed: (say) => say("over"),
};
const CLOSURE = {
  maintenance: (say) => say("maintenance"),
  cleaning: (say) => say("cleaning"),
  blocked: (say) => say("blocked"),
};
const STATE = {
  available: (say) => say("available"),
  occupied: (say) => say("occupied"),
  cleaning: (say) => say("cleaning"),
  maintenance: (say) => say("maintenance"),
};

export class DayWords {
  #say;
  #list;

  constructor(language, time) {
    this.#say = (key, values) => language.say(key, values);
    this.#list = new Intl.ListFormat(language.code, { type: "unit", style: "short" });
    this.time = time;
  }

  status(item) {
    const known = item.kind === "closure" ? CLOSURE[item.status] : STATUS[item.status];
    return (known ?? ((say) => say("closed")))(this.#say);
  }

  state(room) {
    return (STATE[room.state] ?? ((say) => say("closed")))(this.#say);
  }

  range(item) {
    return this.time.range(item.start, item.planned);
  }

  // What belongs to an item beside its own time: how long the room is held before and after.
  around(item) {
    const said = [];
    if (item.from < item.start) said.push(this.#say("setup_from", { time: this.time.time(item.from) }));
    if (item.to > item.end) said.push(this.#say("cleaning_until", { time: this.time.time(item.to) }));
    return said;
  }

  details(item) {
    return [this.range(item), this.status(item), ...this.around(item)];
  }

  // One item in one sentence, for ears.
  item(item) {
    const times = { from: this.time.time(item.start), to: this.time.time(item.planned) };
    return this.#list.format([this.#say("from_to", times), this.status(item), ...this.around(item)]);
  }

  // `state`: whether it is known how the room stands now.
  room(room, state) {
    const count = room.items.filter((item) => item.kind !== "closure").length;
    const booked = count ? this.#say("appointments", { count }) : this.#say("nothing_booked");
    const said = [label(room) && apart(label(room)), apart(room.name), room.type && apart(room.type)];
    return this.#list.format([...said, state && this.state(room), booked].filter(Boolean));
  }

  waiting(item, now) {
    if (Number.isNaN(item.deadline)) return "";
    if (item.deadline <= now) return this.#say("overdue");
    return this.#say("room_by", { time: this.time.time(item.deadline) });
  }
}

// A label that only repeats the name is none.
export function label(room) {
  return room.label && room.label !== room.name ? room.label : "";
}
