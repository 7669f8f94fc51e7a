// A clinic's day, kept true by the stream: asked for once, then changed by what is told, and asked for again at most
// once a second. Knows how a day is followed; not how it is shown.

import { Day } from "/static/board/day.js";
import { later } from "/static/board/day_time.js";
import { Again } from "./again.js";

export class DaySource {
  day = null;
  #app;
  #clinic;
  #told;
  #failed;
  #recent = []; // messages that the view which is on its way may not know yet
  #refresh = null;
  #stop = () => {};
  #frame = 0;

  // `told(day)`: it is another; at most once a frame. `failed(error)`: it cannot be asked for just now.
  constructor(app, clinic, told, failed = () => {}) {
    this.#failed = failed;
    this.#app = app;
    this.#clinic = clinic;
    this.#told = told;
  }

  // Begins with this date instead of whatever was followed.
  follow(date) {
    this.close();
    this.day = null;
    this.#recent = [];
    const ask = () => this.#app.get(`/clinics/${this.#clinic}/day/`, { date, hospital: this.#app.hospital });
    this.#refresh = new Again(ask, (view, outdated) => this.#take(view, outdated), { failed: this.#failed });
    this.#refresh.want();
    // Of the day before comes what reaches into this one; of the rooms, only that they have changed.
    const topics = [...[date, later(date, -1)].map((day) => `clinic_day:${this.#clinic}:${day}`), `clinic_rooms:${this.#clinic}`];
    this.#stop = this.#app.follow(topics, {
      snapshot: (topic, view) => {
        if (!view.rooms || view.date !== date) return;
        this.#take(view, false);
        this.#refresh.overtaken();
      },
      messages: (messages) => this.#apply(messages),
      stale: (yes) => !yes && this.#refresh.want(),
    });
  }

  want() {
    this.#refresh?.want();
  }

  close() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    this.#refresh?.close();
    this.#stop();
  }

  #take(view, outdated) {
    this.day = new Day(view);
    if (outdated) for (const message of this.#recent) this.day.apply(message);
    else this.#recent = [];
    this.#soon();
  }

  #apply(messages) {
    this.#recent.push(...messages);
    if (this.day) for (const message of messages) this.day.apply(message);
    this.#refresh.want();
    if (this.day) this.#soon();
  }

  #soon() {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#told(this.day);
    });
  }
}
