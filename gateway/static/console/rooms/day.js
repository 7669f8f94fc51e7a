// A clinic's day at the desk: the rooms as the day board has them, who waits for one, and beside them whatever is chosen,
// with what can be done about it. Live. Knows the view; the board draws, the panel acts.

import { DayTime } from "/static/board/day_time.js";
import { DayWords } from "/static/board/day_words.js";
import { el, fill, sheet } from "../dom.js";
import { button, chip, empty, facts, heading } from "../parts.js";
import { AppointmentPanel } from "./appointment.js";
import { Clinic } from "./clinic.js";
import { DaySource } from "./day_source.js";
import { boardSheets } from "./sheets.js";
import { shown } from "./shown.js";
import { timeline } from "./timeline.js";

const TICK = 30_000; // ms: the line at the present moment moves on

export default {
  async open(app, host, place) {
    const undress = await boardSheets("/static/board/day_timeline.css", "/static/board/day_block.css");
    await sheet("/static/console/rooms/rooms.css");
    const clinics = await app.all("/clinics/");
    if (!clinics.length) {
      host.append(
        heading(app.say("day")),
        empty(app.say("no_clinics"), app.can("admin") && app.link(app.say("set_up_rooms"), "admin", "rooms")),
      );
      return undress;
    }
    const view = new DayView(app, clinics, place);
    host.append(view.element);
    await view.begin();
    return () => {
      view.close();
      undress();
    };
  },
};

class DayView {
  #app;
  #clinics;
  #known = new Map(); // clinics that were asked for, by id
  #clinic = null;
  #source = null;
  #date;
  #shown;
  #panel;
  #grid;
  #speech = null;
  #chosen = null;
  #timer = 0;
  #asked = 0;
  #scrolled = false;
  #waiting = el("ul", { class: "room-waiting" });
  #waitingPart;
  #list = el("div", { class: "room-list" });
  #title = el("h1", { tabindex: -1 });
  #board = el("a", { class: "button", target: "_blank", rel: "noopener" });
  #said = el("p", { class: "hint" });
  #picked;
  #dated;

  constructor(app, clinics, { id, query }) {
    this.#app = app;
    this.#clinics = clinics;
    this.#date = /^\d{4}-\d{2}-\d{2}$/.test(query.get("date") ?? "") ? query.get("date") : app.time.today();
    this.#panel = new AppointmentPanel(
      app,
      (clinic) => this.#known.get(clinic) ?? this.#open(clinic),
      () => this.#source.want(),
    );
    const drawn = timeline(app, (room, key) => this.#choose(room, key));
    this.#grid = drawn.grid;
    this.#picked = el(
      "select",
      { aria: { label: app.say("clinic") }, onChange: () => this.#go(this.#picked.value, this.#date) },
      clinics.map((clinic) => el("option", { value: clinic.id, selected: clinic.id === id }, clinic.name)),
    );
    this.#dated = el("input", {
      type: "date",
      aria: { label: app.say("date") },
      value: this.#date,
      required: true,
      onChange: () => this.#dated.value && this.#go(this.#clinic.id, this.#dated.value),
    });
    this.#waitingPart = el("section", { class: "panel room-waits", hidden: true }, el("h2", {}), this.#waiting);
    fill(this.#board, app.say("open_board"));
    this.element = el(
      "div",
      { class: "room-day" },
      el(
        "div",
        { class: "heading" },
        this.#title,
        el(
          "div",
          { class: "actions" },
          button(app, "book_a_room", () => this.#book(), { key: "b", kind: "main" }),
          this.#board,
        ),
      ),
      el(
        "div",
        { class: "room-asked", role: "group", aria: { label: app.say("day") } },
        this.#picked,
        button(app, "day_before", () => this.#turn(-1), { key: "p" }),
        this.#dated,
        button(app, "day_after", () => this.#turn(1), { key: "n" }),
        button(app, "today", () => this.#go(this.#clinic.id, app.time.today()), { key: "t" }),
      ),
      this.#said,
      this.#waitingPart,
      el("div", { class: "room-columns" }, el("div", {}, drawn.element, this.#list), this.#panel.element),
    );
  }

  async begin() {
    await this.#follow(this.#picked.value);
    this.#timer = setInterval(() => this.#draw(), TICK);
  }

  close() {
    clearInterval(this.#timer);
    this.#asked += 1;
    this.#source?.close();
  }

  async #open(id) {
    if (!this.#known.has(id)) this.#known.set(id, Clinic.open(this.#app, await this.#app.get(`/clinics/${id}/`)));
    return this.#known.get(id);
  }

  async #follow(id) {
    const turn = (this.#asked += 1);
    this.#source?.close();
    const clinic = await this.#open(id);
    if (turn !== this.#asked) return; // another clinic was chosen meanwhile
    this.#clinic = clinic;
    this.#source = new DaySource(this.#app, id, (day) => this.#take(day));
    this.#source.follow(this.#date);
    const asked = new URLSearchParams({ date: this.#date, hospital: this.#app.hospital, lang: this.#app.language.code });
    this.#board.href = `/clinics/${id}/board/?${asked}`;
    this.#title.textContent = this.#clinic.name;
  }

  async #go(clinic, date) {
    this.#date = this.#dated.value = date;
    this.#panel.clear();
    this.#chosen = null;
    this.#scrolled = false;
    history.replaceState(history.state, "", `/console/rooms/day/${clinic}?date=${date}`);
    await this.#follow(clinic);
  }

  #turn(days) {
    return this.#go(this.#clinic.id, this.#app.time.shift(this.#date, days));
  }

  #book() {
    this.#app.router.go(`/console/rooms/book/${this.#clinic.id}?date=${this.#date}`);
  }

  #take(day) {
    const first = this.#shown !== day.date;
    this.#shown = day.date;
    this.#speech = new DayWords(this.#app.language, new DayTime(this.#app.language.code, day.zone, day.start, day.end));
    this.#draw();
    if (first && !this.#scrolled) {
      this.#scrolled = true;
      this.#grid.scrollToNow();
    }
    // What is chosen may stand otherwise by now.
    if (this.#chosen && this.#panel.id === this.#chosen.key) {
      const looks = looksOf(day, this.#chosen.key);
      if (looks !== this.#chosen.looks) this.#panel.show(this.#chosen.key);
      this.#chosen.looks = looks;
    }
  }

  #draw() {
    const day = this.#source?.day;
    if (!day) return;
    const [app, now] = [this.#app, Date.now()];
    const { changed } = this.#speech.time;
    fill(
      this.#said,
      [
        this.#speech.time.date(day.date),
        changed ? app.say("hours_changed", { count: 24 + changed }) : "",
        day.rooms.length ? "" : app.say("no_rooms"),
      ]
        .filter(Boolean)
        .join(" · "),
    );
    this.#grid.draw(day, this.#speech, now);
    this.#drawWaiting(day, now);
    this.#drawList(day, now);
  }

  #drawWaiting(day, now) {
    const app = this.#app;
    this.#waitingPart.hidden = day.waiting.length === 0;
    fill(this.#waitingPart.firstElementChild, app.say("without_room", { count: day.waiting.length }));
    fill(
      this.#waiting,
      day.waiting.map((item) =>
        el(
          "li",
          {},
          button(app, "", () => this.#choose(null, item.key), {
            label: `${this.#speech.range(item)} · ${this.#speech.waiting(item, now)}`,
          }),
          item.deadline <= now ? chip("warn", app.say("overdue")) : null,
        ),
      ),
    );
  }

  // The same as a list, where a timeline would be too narrow.
  #drawList(day, now) {
    if (getComputedStyle(this.#list).display === "none") return;
    const focused = this.#list.contains(document.activeElement) ? document.activeElement.dataset.item : null;
    fill(
      this.#list,
      day.rooms.map((room) =>
        el(
          "section",
          {},
          el("h2", {}, el("bdi", {}, room.name), day.has(now) ? el("span", { class: "hint" }, ` ${this.#speech.state(room)}`) : null),
          room.items.length
            ? el(
                "ul",
                {},
                room.items.map((item) =>
                  el(
                    "li",
                    {},
                    el(
                      "button",
                      { type: "button", dataset: { item: item.key }, onClick: () => this.#choose(room.id, item.key) },
                      `${this.#speech.range(item)} · ${this.#speech.status(item)}`,
                    ),
                  ),
                ),
              )
            : el("p", { class: "empty" }, this.#app.say("nothing_booked")),
        ),
      ),
    );
    if (focused) this.#list.querySelector(`[data-item="${CSS.escape(focused)}"]`)?.focus();
  }

  #choose(roomId, key) {
    const day = this.#source.day;
    const room = day?.rooms.find((one) => one.id === roomId);
    const item = key && (room?.items.find((one) => one.key === key) ?? day?.waiting.find((one) => one.key === key));
    this.#chosen = null;
    if (item && item.kind !== "closure") {
      this.#chosen = { key, looks: looksOf(day, key) };
      this.#panel.show(key);
    } else if (item) this.#panel.put(this.#closure(room, item));
    else if (room) this.#panel.put(this.#room(room, day));
    else this.#panel.clear();
    if (room || item) shown(this.#panel.element);
  }

  #room(room, day) {
    const app = this.#app;
    const known = this.#clinic.rooms.find((one) => one.id === room.id);
    return [
      el("h2", { tabindex: -1 }, el("bdi", {}, room.name)),
      el("p", {}, this.#speech.room(room, day.has(Date.now()))),
      known &&
        facts(
          [
            [app.say("room_type"), known.type],
            [app.say("equipment"), known.equipment.join(", ")],
            [app.say("department"), known.department],
            [app.say("floor"), known.floor],
            [app.say("isolation"), known.isolation && app.say("yes")],
            [app.say("accessible"), known.accessible && app.say("yes")],
          ].map(([name, value]) => [name, value === false ? "" : value]),
        ),
      el(
        "p",
        { class: "choice" },
        button(app, "book_this_room", () => app.router.go(`/console/rooms/book/${this.#clinic.id}?date=${this.#date}&room=${room.id}`), {
          kind: "main",
        }),
        app.can("admin")
          ? button(app, "close_this_room", () =>
              app.router.go(`/console/rooms/closures/${this.#clinic.id}?room=${room.id}&date=${this.#date}`),
            )
          : null,
      ),
    ];
  }

  #closure(room, item) {
    const app = this.#app;
    return [
      el("h2", { tabindex: -1 }, el("bdi", {}, room.name)),
      el("p", {}, chip("bad", this.#speech.status(item)), " ", this.#speech.range(item)),
      el("p", {}, app.link(app.say("to_closures"), "rooms", "closures", this.#clinic.id)),
    ];
  }
}

// All that says whether a day shows an appointment otherwise than before.
function looksOf(day, key) {
  for (const room of day.rooms) {
    const item = room.items.find((one) => one.key === key);
    if (item) return [room.id, item.status, item.start, item.planned, item.to].join();
  }
  return day.waiting.some((one) => one.key === key) ? "waiting" : "off";
}
