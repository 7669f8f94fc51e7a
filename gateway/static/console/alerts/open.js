// The alerts that are open, the gravest first, and those that closed of late: what was measured, what it is about, who has
// seen it. Live, and what opens is said at once. Knows the list; which alert means what to do stands with the words.

import { AlertWords } from "/static/board/alert_words.js";
import { Alerts } from "/static/board/alerts.js";
import { confirm } from "../dialog.js";
import { el, fill, say, sheet } from "../dom.js";
import { button, chip, empty, heading, table } from "../parts.js";
import { Again } from "../rooms/again.js";

const KINDS = { critical: "warn", warning: "bad", info: "wait" };
const REDRAW = 15_000; // ms: how long things have lasted is told in minutes
const LISTED = 1_000;
const CLOSED_SHOWN = 50;

export default {
  async open(app, host) {
    await sheet("/static/console/alerts/alerts.css");
    const view = new AlertsView(app);
    host.append(view.element);
    await view.begin();
    return () => view.close();
  },
};

class AlertsView {
  #app;
  #alerts = new Alerts();
  #words;
  #again;
  #stop = () => {};
  #timer = 0;
  #frame = 0;
  #count = el("p", { class: "hint" });
  #list = el("ul", { class: "alert-list" });
  #lately = el("section", { hidden: true });
  #closed = el("div", {});
  #spoken = el("p", { class: "spoken", role: "alert" });

  constructor(app) {
    this.#app = app;
    this.#words = new AlertWords(app.language);
    this.#again = new Again(
      () => app.get("/alerts/", { status: "open", limit: LISTED }),
      (view, outdated) => {
        if (!outdated) this.#alerts.take(view);
        this.#draw();
      },
    );
    const asked = new URLSearchParams({ hospital: app.hospital, lang: app.language.code });
    const elsewhere = (word, path) =>
      el("a", { class: "button", href: `${path}?${asked}`, target: "_blank", rel: "noopener" }, app.say(word));
    const shown = el(
      "details",
      { onToggle: () => shown.open && this.#askClosed() },
      el("summary", {}, app.say("closed_of_late")),
      this.#closed,
    );
    this.element = el(
      "div",
      {},
      heading(app.say("alerts"), elsewhere("open_panel", "/alerts/"), app.can("auditor") && elsewhere("audit_explorer", "/audit/")),
      this.#count,
      this.#list,
      this.#lately,
      shown,
      this.#spoken,
    );
  }

  async begin() {
    this.#alerts.take(await this.#app.get("/alerts/", { status: "open", limit: LISTED }));
    this.#draw();
    this.#timer = setInterval(() => this.#draw(), REDRAW);
    this.#stop = this.#app.follow(["alerts"], {
      snapshot: (topic, view) => {
        if (view.items) this.#alerts.take(view);
        this.#draw();
      },
      messages: (messages) => this.#apply(messages),
      stale: (yes) => !yes && this.#again.want(),
    });
  }

  close() {
    clearInterval(this.#timer);
    cancelAnimationFrame(this.#frame);
    this.#again.close();
    this.#stop();
  }

  #apply(messages) {
    const opened = messages.map((message) => this.#alerts.apply(message)).filter(Boolean);
    if (opened.length) say(this.#spoken, opened.map((alert) => this.#words.spoken(alert)).join(". "));
    this.#again.want();
    this.#frame ||= requestAnimationFrame(() => this.#draw());
  }

  #draw() {
    this.#frame = 0;
    const [app, now] = [this.#app, Date.now()];
    const { open, lately } = this.#alerts;
    const held = this.#list.contains(document.activeElement) ? document.activeElement.dataset : null;
    const unseen = open.filter((alert) => !alert.acknowledged).length;
    fill(this.#count, open.length ? app.say("alerts_counted", { count: open.length, unseen }) : "");
    fill(this.#list, open.length ? open.map((alert) => this.#item(alert, now)) : el("li", {}, empty(app.say("no_alerts"))));
    // Whoever has just seen one goes on with the next that nobody has seen.
    if (held?.alert)
      (
        this.#list.querySelector(`[data-alert="${CSS.escape(held.alert)}"][data-does="${held.does}"]`) ??
        this.#list.querySelector("[data-does=acknowledge]")
      )?.focus();
    this.#lately.hidden = lately.length === 0;
    fill(
      this.#lately,
      el("h2", {}, app.say("lately")),
      el(
        "ul",
        {},
        lately.map((told) => el("li", {}, `${app.time.clock(told.at)} · ${this.#words.kind(told.kind)} ${told.code}`)),
      ),
    );
  }

  #item(alert, now) {
    const app = this.#app;
    const seen = alert.acknowledged_by ? app.say("seen_by", { name: `\u2068${alert.acknowledged_by}\u2069` }) : app.say("seen");
    const act = (word, does, run, kind = "") => {
      const made = button(app, word, (at) => run(alert, at), { kind });
      Object.assign(made.dataset, { alert: alert.id, does });
      made.setAttribute("aria-label", `${app.say(word)}: ${this.#words.spoken(alert)}`);
      return made;
    };
    return el(
      "li",
      { class: "panel", dataset: { severity: alert.severity, ...(alert.acknowledged ? { acknowledged: "" } : {}) } },
      el(
        "p",
        { class: "alert-head" },
        chip(KINDS[alert.severity] ?? "wait", this.#words.severity(alert.severity)),
        el("strong", {}, this.#words.kind(alert.kind)),
        el(
          "span",
          { class: "hint" },
          [
            app.say("since", { time: app.time.moment(alert.since) }),
            this.#words.lasted(alert.since, now),
            alert.times > 1 ? app.say("times", { count: alert.times }) : "",
          ]
            .filter(Boolean)
            .join(" · "),
        ),
      ),
      this.#words.measured(alert) ? el("p", {}, this.#words.measured(alert)) : null,
      this.#words.about(alert) ? el("p", { class: "hint" }, this.#words.about(alert)) : null,
      alert.reason ? el("p", {}, app.say("why"), ": ", el("bdi", {}, alert.reason)) : null,
      alert.note ? el("p", {}, app.say("note"), ": ", el("bdi", {}, alert.note)) : null,
      el(
        "p",
        { class: "choice" },
        alert.acknowledged ? el("span", { class: "hint" }, seen) : null,
        !alert.acknowledged && app.can("clerk", "clinician", "admin", "integration")
          ? act("acknowledge", "acknowledge", (one, at) => this.#acknowledge(one, at), "main")
          : null,
        app.can("admin") ? act("close_alert", "close", (one, at) => this.#close(one, at)) : null,
      ),
    );
  }

  async #acknowledge(alert, at) {
    const app = this.#app;
    const done = await app.act((once) => app.send("POST", `/alerts/${alert.id}/acknowledge/`, {}, once), {
      at,
      what: app.say("acknowledge"),
      done: () => app.say("alert_seen"),
    });
    if (done) this.#again.want();
  }

  async #close(alert, at) {
    const app = this.#app;
    const said = await confirm(app, { title: app.say("close_alert"), text: this.#words.spoken(alert), word: "close_alert" });
    if (!said) return;
    const done = await app.act((once) => app.send("POST", `/alerts/${alert.id}/close/`, {}, once), {
      at,
      what: app.say("close_alert"),
      done: () => app.say("alert_closed_now"),
    });
    if (done) this.#again.want();
  }

  async #askClosed() {
    const app = this.#app;
    const { items } = await app.get("/alerts/", { status: "closed", limit: CLOSED_SHOWN }).catch(() => ({ items: [] }));
    const rows = items.map((alert) => [
      this.#words.kind(alert.kind),
      this.#words.severity(alert.severity),
      app.time.moment(alert.opened_at),
      app.time.moment(alert.closed_at),
      alert.closed_by ?? app.say("by_itself"),
    ]);
    fill(
      this.#closed,
      rows.length
        ? table(
            app.say("closed_of_late"),
            ["alert", "severity", "opened", "closed", "closed_by"].map((word) => app.say(word)),
            rows,
          )
        : empty(app.say("no_closed_alerts")),
    );
  }
}
