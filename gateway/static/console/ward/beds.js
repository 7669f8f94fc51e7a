// A ward for its staff: the beds as the bed board has them, with names; who waits; and beside them whatever is chosen, with
// what can be done about it. Live: a message changes what it is about, and the rest is asked for again now and then.

import { Ward } from "/static/board/ward.js";
import { WardBeds } from "/static/board/ward_beds.js";
import { WardWords } from "/static/board/ward_words.js";
import { el, fill, sheet } from "../dom.js";
import { button, chip, empty, heading } from "../parts.js";
import { Again } from "../rooms/again.js";
import { boardSheets } from "../rooms/sheets.js";
import { shown } from "../rooms/shown.js";
import { AdmissionPanel } from "./admission.js";
import { BedPanel } from "./bed.js";
import { House } from "./house.js";

const REDRAW = 15_000; // ms: how long things have lasted is told in minutes
const WAITING_SHOWN = 12;

export default {
  async open(app, host, place) {
    const undress = await boardSheets("/static/board/ward_bed.css");
    await sheet("/static/console/ward/ward.css");
    const house = await House.open(app);
    if (!house.wards.length) {
      host.append(
        heading(app.say("beds")),
        empty(app.say("no_wards"), app.can("admin") && app.link(app.say("set_up_wards"), "ward", "wards")),
      );
      return undress;
    }
    const view = new BedsView(app, house, place);
    host.append(view.element);
    await view.follow(house.wards.find(({ id }) => id === place.id)?.id ?? house.wards[0].id);
    return () => {
      view.close();
      undress();
    };
  },
};

class BedsView {
  #app;
  #house;
  #id = "";
  #ward = null;
  #beds;
  #speech;
  #admission;
  #bed;
  #aside = el("div", { class: "ward-aside" });
  #chosen = null;
  #recent = []; // messages that the view which is on its way may not know yet
  #again = null;
  #stop = () => {};
  #timer;
  #frame = 0;
  #counts = el("ul", { class: "ward-counts" });
  #waits = el("h2", {});
  #waiting = el("ol", { class: "ward-waiting" });
  #rooms;
  #picked;
  #board = el("a", { class: "button", target: "_blank", rel: "noopener" });

  constructor(app, house, place) {
    this.#app = app;
    this.#house = house;
    this.#speech = new WardWords(app.language);
    this.#admission = new AdmissionPanel(app, house, () => this.#again?.want());
    this.#bed = new BedPanel(app, house, this.#speech, this.#admission, () => this.#again?.want());
    this.#rooms = el("div", { class: "rooms" });
    this.#beds = new WardBeds(
      { rooms: this.#rooms, room: template(el("section", {}, el("h3", {}), el("ul", {}))), bed: bedTemplate() },
      (id) => this.#choose(id),
    );
    this.#picked = el(
      "select",
      { aria: { label: app.say("ward") }, onChange: () => this.#go(this.#picked.value) },
      house.wards.map(({ id, name }) => el("option", { value: id, selected: id === place.id }, name)),
    );
    fill(this.#board, app.say("open_board"));
    fill(this.#aside, this.#admission.element);
    this.element = el(
      "div",
      { class: "ward-view", dataset: { staff: "" } },
      heading(
        app.say("beds"),
        this.#picked,
        button(app, "admit", () => app.router.go(`/console/ward/admit?ward=${this.#id}`), { key: "a", kind: "main" }),
        this.#board,
      ),
      this.#counts,
      el(
        "div",
        { class: "ward-columns" },
        el(
          "div",
          {},
          el("h2", { class: "spoken" }, app.say("beds")),
          el("p", { class: "hint", id: "bed-keys" }, app.say("bed_keys_hint")),
          this.#rooms,
          el("section", { class: "ward-line" }, this.#waits, this.#waiting),
        ),
        this.#aside,
      ),
    );
    this.#timer = setInterval(() => this.#draw(), REDRAW);
  }

  async follow(id) {
    this.#end();
    const app = this.#app;
    this.#id = id;
    this.#recent = [];
    const asked = new URLSearchParams({ hospital: app.hospital, lang: app.language.code });
    this.#board.href = `/wards/${id}/board/?${asked}`;
    const ask = () => app.get(`/wards/${id}/beds/`);
    const again = (this.#again = new Again(ask, (view, outdated) => this.#take(view, outdated)));
    const view = await ask();
    if (again !== this.#again) return; // another ward was chosen meanwhile
    this.#take(view, false);
    // Each topic's snapshot says that the stream begins, and so that something may have been missed.
    this.#stop = app.follow([`ward:${id}`, "wards", "admissions"], {
      snapshot: (topic) => topic === `ward:${id}` && this.#again.want(),
      messages: (messages) => this.#apply(messages),
      stale: (yes) => !yes && this.#again.want(),
    });
  }

  close() {
    clearInterval(this.#timer);
    this.#end();
  }

  #end() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    this.#again?.close();
    this.#stop();
    this.#stop = () => {};
  }

  #go(id) {
    history.replaceState(history.state, "", `/console/ward/beds/${id}`);
    this.#chosen = null;
    this.#admission.clear();
    fill(this.#aside, this.#admission.element);
    return this.follow(id);
  }

  #take(view, outdated) {
    this.#ward = new Ward(view);
    if (outdated) for (const message of this.#recent) this.#ward.apply(message);
    else this.#recent = [];
    this.#draw();
    if (!outdated) this.#show();
  }

  #apply(messages) {
    this.#recent.push(...messages);
    for (const message of messages) this.#ward.apply(message);
    this.#again.want();
    this.#frame ||= requestAnimationFrame(() => this.#draw()); // once a frame, however much happens
    const shown = this.#admission.id;
    if (shown && messages.some((message) => message.admission_id === shown)) this.#admission.show(shown);
  }

  #draw() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    if (!this.#ward) return;
    const [app, now] = [this.#app, Date.now()];
    fill(
      this.#counts,
      this.#ward.counts.map(({ state, count }) =>
        el("li", { dataset: { state } }, el("span", { class: "mark" }), el("strong", {}, count), ` ${this.#speech.state(state)}`),
      ),
    );
    this.#beds.draw(this.#ward, this.#speech, app.language, now, this.#chosen);
    if (!this.#ward.beds.length) fill(this.#rooms, empty(app.say("no_beds")));
    this.#drawWaiting(now);
  }

  #drawWaiting(now) {
    const app = this.#app;
    const { waiting, waitingCount: count } = this.#ward;
    const held = this.#waiting.contains(document.activeElement) ? document.activeElement.dataset.admission : null;
    fill(this.#waits, count ? app.say("patients_wait", { count }) : app.say("nobody_waits"));
    fill(
      this.#waiting,
      waiting
        .slice(0, WAITING_SHOWN)
        .map((waiter) =>
          el(
            "li",
            {},
            el(
              "button",
              { type: "button", dataset: { admission: waiter.admission_id }, onClick: () => this.#wait(waiter.admission_id) },
              chip(waiter.acuity === "critical" ? "warn" : "wait", this.#speech.acuity(waiter.acuity)),
              el("bdi", {}, waiter.patient_name ?? ""),
              el("span", { class: "hint" }, `${this.#speech.lasted(waiter.since, now)} · ${this.#speech.reason(waiter)}`),
            ),
          ),
        ),
    );
    if (held) this.#waiting.querySelector(`[data-admission="${CSS.escape(held)}"]`)?.focus();
  }

  #wait(id) {
    this.#chosen = null;
    fill(this.#aside, this.#admission.element);
    this.#admission.show(id).then(() => this.#admission.focus());
    shown(this.#aside);
    this.#draw();
  }

  #choose(id) {
    this.#chosen = id;
    this.#draw();
    this.#show();
    if (id) shown(this.#aside);
  }

  // What is chosen as it stands now; a bed that is gone is chosen no more.
  #show() {
    if (!this.#chosen) return;
    const room = this.#ward.rooms.find((one) => one.beds.some((bed) => bed.id === this.#chosen));
    const bed = room?.beds.find((one) => one.id === this.#chosen);
    if (!bed) {
      this.#chosen = null;
      this.#admission.clear();
      return fill(this.#aside, this.#admission.element);
    }
    if (!this.#aside.contains(this.#bed.element)) fill(this.#aside, this.#bed.element);
    this.#bed.show(bed, room.room, this.#ward.overdue(bed, Date.now()));
  }
}

function template(element) {
  const made = document.createElement("template");
  made.content.append(element);
  return made;
}

// As the bed board's page has it.
function bedTemplate() {
  const part = (name, ...children) => el("span", { class: name }, children);
  return template(
    el(
      "li",
      {},
      el(
        "button",
        { type: "button", class: "bed", tabindex: -1, dataset: { key: "" }, aria: { describedby: "bed-keys" } },
        part("top", part("mark"), el("bdi", { class: "label" }), el("span", { class: "isolation", hidden: true })),
        part("how", part("state"), " ", part("lasted"), " ", el("span", { class: "acuity", hidden: true }, part("sign"), el("span", {}))),
        el("bdi", { class: "who" }),
        part("carers"),
      ),
    ),
  );
}
