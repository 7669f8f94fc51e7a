// What stands around every view: where one is, where one can go, whether the server is heard, and who works here.

import { el, fill, say } from "./dom.js";
import { address } from "./router.js";

export class Frame {
  #app;
  #areas = el("ul", {});
  #views = el("ul", {});
  #viewsBar;
  #state = el("p", { class: "banner", role: "status" });
  #pending = el("div", { class: "notice", hidden: true });
  #glass = el("div", { class: "banner glass", hidden: true });
  #main = el("main", { id: "main", tabindex: -1 });

  constructor(app) {
    this.#app = app;
    this.#viewsBar = el("nav", { class: "views", "aria-label": app.say("views") }, this.#views);
    this.element = el(
      "div",
      { class: "frame" },
      el("a", { class: "skip", href: "#main" }, app.say("skip")),
      el(
        "header",
        { class: "top" },
        el("a", { class: "brand", href: "/console" }, "Matron"),
        el("span", { class: "place" }, el("bdi", {}, app.place.name ?? app.hospital)),
        el("nav", { class: "areas", "aria-label": app.say("areas") }, this.#areas),
        this.#menuButton(),
      ),
      this.#viewsBar,
      el("div", { class: "notices" }, this.#state, this.#glass, this.#pending),
      this.#main,
      el("footer", { class: "foot" }, app.outcome.element),
    );
    app.connection.addEventListener("change", () => this.#heard());
    app.pending.addEventListener("change", () => this.#waits());
    this.#heard();
    this.glass();
    setInterval(() => this.glass(), 10_000);
  }

  // Where one is: the areas there are for this person, the one shown and its view.
  at(areas, area, view) {
    const app = this.#app;
    const current = (yes) => (yes ? { current: "page" } : {});
    fill(
      this.#areas,
      areas.map((one, place) =>
        el("li", {}, el(
          "a",
          { href: address(one.area, one.views[0].name), aria: current(one === area), dataset: { key: String(place + 1) } },
          app.say(one.word),
          el("kbd", {}, place + 1),
        )),
      ),
    );
    const views = area && area.views.length > 1 && area.views.every((one) => app.language.knows(one.word)) ? area.views : [];
    this.#viewsBar.hidden = !views.length;
    fill(
      this.#views,
      views.map((one) => el("li", {}, el("a", { href: address(area.area, one.name), aria: current(one === view) }, app.say(one.word)))),
    );
  }

  show(host) {
    fill(this.#main, host);
  }

  // Whoever went somewhere begins at its heading.
  focus() {
    const heading = this.#main.querySelector("h1");
    heading?.setAttribute("tabindex", "-1");
    (this.#main.querySelector("[autofocus]") ?? heading ?? this.#main).focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }

  #menuButton() {
    const app = this.#app;
    const onClick = async () => (await import("./menu.js")).openMenu(app, () => this.glass());
    const who = app.session.shown || app.session.name;
    return el(
      "button",
      { type: "button", class: "who", onClick, "aria-haspopup": "dialog", dataset: { key: "?" } },
      el("bdi", {}, who),
      app.lookAs && el("span", { class: "as" }, ` (${app.say(`role_${app.lookAs}`)})`),
      el("kbd", {}, "?"),
    );
  }

  #heard() {
    const { here } = this.#app.connection;
    say(this.#state, here ? "" : this.#app.say("no_connection"));
  }

  #waits() {
    const app = this.#app;
    const { stuck } = app.pending;
    this.#pending.hidden = !stuck.length;
    const rows = stuck.map((one) => {
      const stop = () => app.pending.giveUp(one.key);
      const text = app.say("waits_for_answer", { what: one.what || app.say("an_action") });
      return el("li", {}, text, " ", el("button", { type: "button", class: "plain", onClick: stop }, app.say("stop_waiting")));
    });
    fill(this.#pending, el("ul", { role: "status" }, rows));
  }

  // The glass that is broken, as long as it is.
  glass() {
    const app = this.#app;
    const broken = app.brokenGlass;
    const was = !this.#glass.hidden;
    this.#glass.hidden = !broken;
    if (!broken) return was && fill(this.#glass);
    const end = () => {
      app.breakGlass(null);
      location.assign("/console");
    };
    const text = app.say("glass_broken", { time: app.time.clock(broken.until), reason: broken.reason });
    fill(this.#glass, el("p", {}, text), el("button", { type: "button", onClick: end }, app.say("end_it")));
    return true;
  }
}
