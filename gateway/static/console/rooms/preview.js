// Which room it would be, and why, while a form is filled in: asked of the code that books, without booking. Knows
// evaluations; not the form.

import { el, fill } from "../dom.js";
import { chip } from "../parts.js";

const PAUSE = 300; // ms after the last change
const SHOWN = 8;

export class Preview {
  #app;
  #clinic;
  #timer = 0;
  #turn = 0;
  #said = el("p", { class: "hint", role: "status" });
  #list = el("ol", { class: "room-ranked" });

  constructor(app, clinic) {
    this.#app = app;
    this.#clinic = clinic;
    this.element = el(
      "section",
      { class: "panel room-preview", aria: { label: app.say("which_room") } },
      el("h2", {}, app.say("which_room")),
      this.#said,
      this.#list,
    );
    this.idle();
  }

  idle() {
    this.close();
    fill(this.#said, this.#app.say("which_room_hint"));
    fill(this.#list);
  }

  close() {
    clearTimeout(this.#timer);
    this.#turn += 1;
  }

  // `body`: of a booking; a room that is named is not asked about: all are shown.
  ask({ room_id, note, overlap_reason, ...body }) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#ask(body, room_id), PAUSE);
  }

  async #ask(body, wanted) {
    const turn = (this.#turn += 1);
    const app = this.#app;
    try {
      const { body: found } = await app.send("POST", "/rules/evaluate/", body, { keep: false });
      if (turn === this.#turn) this.#draw(found, wanted);
    } catch (error) {
      if (turn !== this.#turn) return;
      fill(this.#said, app.why(error));
      fill(this.#list);
    }
  }

  #draw({ chosen, rooms }, wanted) {
    const app = this.#app;
    const fits = rooms.filter((room) => room.fits).length;
    fill(this.#said, chosen ? app.say("rooms_fit", { count: fits }) : app.say("no_room_fits"));
    const ordered = wanted ? [...rooms].sort((one, other) => Number(other.room_id === wanted) - Number(one.room_id === wanted)) : rooms;
    fill(
      this.#list,
      ordered.slice(0, SHOWN).map((room) => this.#room(room, chosen, wanted)),
    );
  }

  #room(room, chosen, wanted) {
    const app = this.#app;
    const picked = wanted ? room.room_id === wanted : room.room_id === chosen;
    return el(
      "li",
      { class: room.fits ? "" : "unfit", aria: picked ? { current: "true" } : {} },
      el(
        "p",
        {},
        el("strong", {}, el("bdi", {}, room.name)),
        " ",
        room.fits ? el("span", {}, app.say("score_of", { score: room.score })) : chip("bad", app.say("not_to_be_had")),
        picked ? chip("good", app.say("would_be_it")) : null,
      ),
      room.fits
        ? room.terms.length
          ? el(
              "p",
              { class: "hint" },
              room.terms
                .map(({ name, points }) => `${name} \u2066${points > 0 ? "+" : ""}${Math.round(points * 10) / 10}\u2069`)
                .join(" · "),
            )
          : null
        : el("p", { class: "hint" }, room.failed.map((one) => this.#why(one)).join(" · ")),
    );
  }

  #why({ reason, detail, name }) {
    const word = `failed_${reason}`;
    if (name) return name;
    return this.#app.language.knows(word) ? this.#app.say(word) : detail;
  }
}
