// The first page: where one can go; and, while a hospital is new, what to set up, in which order.

import { el, fill, sheet } from "../dom.js";
import { heading } from "../parts.js";
import { address } from "../router.js";

// What a hospital needs, in the order in which one thing rests on another: [word, list, area, view].
const STEPS = [
  ["setup_doctors", "/doctors/", "admin", "doctors"],
  ["setup_slots", "/slots/", "admin", "templates"],
  ["setup_services", "/services/", "admin", "services"],
  ["setup_rooms", "/clinics/", "admin", "rooms"],
  ["setup_staff", "/staff/", "admin", "staff"],
  ["setup_wards", "/wards/", "admin", "staff"],
  ["setup_policy", null, "admin", "policy"],
  ["setup_people", null, "admin", "access"],
];

export class Home {
  #areas;
  #lost;

  // `lost`: the address means a view that is not there, or not for this person.
  constructor(areas, lost) {
    this.#areas = areas;
    this.#lost = lost;
  }

  async open(app, host) {
    await sheet("/static/console/home/home.css");
    const begin = await this.#begin(app);
    fill(
      host,
      heading(this.#lost ? app.say("no_such_view") : app.say("welcome", { name: app.place.name ?? app.hospital })),
      begin,
      el("ul", { class: "cards" }, this.#areas.map((one) => this.#card(app, one))),
      this.#areas.length === 0 && el("p", { class: "empty" }, app.say("no_areas")),
    );
  }

  #card(app, one) {
    const about = `about_${one.area}`;
    return el(
      "li",
      { class: "panel" },
      el("h2", {}, el("a", { href: address(one.area, one.views[0].name) }, app.say(one.word))),
      app.language.knows(about) && el("p", {}, app.say(about)),
    );
  }

  // Nothing while a hospital has doctors or services: it is in use.
  async #begin(app) {
    if (this.#lost) return null;
    const has = await Promise.all(STEPS.slice(0, 3).map(([, list]) => exists(app, list)));
    if (has.some((yes) => yes !== false)) return null;
    if (!app.can("admin")) return el("section", { class: "panel" }, el("h2", {}, app.say("nothing_yet")), el("p", {}, app.say("ask_an_admin")));
    const rest = await Promise.all(STEPS.slice(3).map(([, list]) => list && exists(app, list)));
    const done = [...has, ...rest];
    const steps = STEPS.map(([word, , area, name], place) => {
      const there = this.#areas.find((one) => one.area === area)?.views.some((view) => view.name === name);
      const text = app.say(word);
      return el(
        "li",
        { class: done[place] ? "done" : "" },
        there ? app.link(text, area, name) : el("strong", {}, text),
        done[place] && el("span", {}, ` ✓ ${app.say("done")}`),
        el("p", { class: "hint" }, app.say(`${word}_why`)),
      );
    });
    return el("section", { class: "panel setup", "aria-labelledby": "setup" }, el("h2", { id: "setup" }, app.say("nothing_yet")), el("p", {}, app.say("set_up_so")), el("ol", {}, steps));
  }
}

// Whether a list has anything in it; null where that cannot be asked.
async function exists(app, list) {
  try {
    return (await app.get(list, { limit: 1 })).items.length > 0;
  } catch {
    return null;
  }
}
