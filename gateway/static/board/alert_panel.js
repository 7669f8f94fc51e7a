// The alert panel: what is open, since when, the gravest first, and a button for who has seen it. For staff alone:
// without a key that may see alerts it shows none.

import { AlertWords } from "./alert_words.js";
import { Alerts } from "./alerts.js";
import { keyed } from "./day_keyed.js";
import { KeyedSource } from "./keyed_source.js";
import { Refresh } from "./refresh.js";
import { StaffDoor } from "./staff_door.js";
import { STALE_AFTER, Stream } from "./stream.js";
import { apart, languagesOf, put, translate } from "./words.js";

const REFRESH_PAUSE = 1_000; // ms: one question a second at most, however much happens
const REDRAW_EVERY = 5_000; // ms: how long things have lasted is told in minutes
const LEAP = 2_000; // ms by which the clock may move without a new drawing

class AlertPanel extends HTMLElement {
  #parts = {};
  #language;
  #speech;
  #alerts = new Alerts();
  #shown = "loading"; // or "on", or "out": nobody has said who he is
  #failed = false; // the last thing that was to be done
  #staleSince = null;
  #drift = 0; // ms that this machine's clock is behind the server's
  #stream = null;
  #refresh = null;
  #frame = 0; // of the drawing that is due
  #busy = new Set(); // ids of alerts of which it is being said that somebody has seen them
  #door;

  connectedCallback() {
    for (const part of this.querySelectorAll("[data-part]")) this.#parts[part.dataset.part] = part;
    this.#language = languagesOf(this.dataset.words)[0];
    this.#speech = new AlertWords(this.#language);
    this.#door = new StaffDoor(this.#parts.door, this.#language, () => this.#enter());
    this.#parts.enter.addEventListener("click", () => this.#door.ask());
    this.#parts.out.addEventListener("click", () => this.#leave());
    this.#parts.list.addEventListener("click", (event) => this.#press(event.target.closest("button")));
    setInterval(() => this.#tick(), 1_000);
    setInterval(() => this.#draw(), REDRAW_EVERY);
    this.#enter();
  }

  // Where no key is needed it is let in at once; anywhere else it is asked for one.
  #enter() {
    this.#refresh?.stop();
    const asked = { headers: () => this.#door.headers(), refused: (status) => this.#refuse(status) };
    const take = (view, outdated) => this.#take(view, outdated);
    const path = "/api/v1/alerts/?status=open&limit=1000";
    this.#refresh = new Refresh(path, REFRESH_PAUSE, take, () => {}, asked);
    this.#refresh.want();
    this.#draw();
  }

  #refuse(status) {
    this.#end();
    this.#door.ask(status);
  }

  #leave() {
    this.#door.forget();
    this.#end();
    this.#parts.enter.focus();
  }

  #end() {
    this.#refresh.stop();
    this.#stream?.stop();
    this.#stream = null;
    this.#alerts = new Alerts();
    this.#shown = "out";
    this.#staleSince = null;
    this.#draw();
  }

  // What changed while the view was on its way is in the next one, which is wanted already.
  #take(view, outdated) {
    this.#shown = "on";
    if (!outdated) this.#alerts.take(view);
    if (!this.#stream) this.#follow();
    this.#draw();
  }

  #follow() {
    const listener = {
      snapshot: (view) => {
        if (!view.items) return;
        this.#take(view, false);
        this.#refresh.overtaken();
      },
      messages: (messages) => this.#apply(messages),
      heard: (frame) => frame.time && this.#setClock(Date.parse(frame.time)),
      stale: (yes) => this.#setStale(yes),
    };
    const refused = () => this.#refresh.want();
    const open = (address) => new KeyedSource(address, this.#door.headers(), refused);
    this.#stream = new Stream(["alerts"], "", listener, open);
    this.#stream.start();
  }

  #apply(messages) {
    const opened = messages.map((message) => this.#alerts.apply(message)).filter(Boolean);
    const said = opened.map((alert) => this.#speech.spoken(alert)).join(". ");
    if (said) put(this.#parts.spoken, said, this.#language);
    this.#refresh.want();
    this.#frame ||= requestAnimationFrame(() => this.#draw()); // once a frame, however much happens
  }

  #setStale(yes) {
    this.#staleSince = yes ? this.#now() - STALE_AFTER : null;
    this.#refresh.want();
    this.#draw();
  }

  #setClock(now) {
    const drift = now - Date.now();
    const jumped = Math.abs(drift - this.#drift) > LEAP;
    this.#drift = drift;
    if (jumped) this.#draw();
    else this.#tick();
  }

  #now() {
    return Date.now() + this.#drift;
  }

  #time(at) {
    return this.#language.time(new Date(at));
  }

  #tick() {
    put(this.#parts.clock, this.#time(this.#now()), this.#language);
  }

  // The button stays as it is meanwhile, so that whoever pressed it by key stays where he is.
  async #press(button) {
    const id = button?.dataset.alert;
    if (!id || this.#busy.has(id)) return;
    this.#busy.add(id);
    const path = `/api/v1/alerts/${encodeURIComponent(id)}/acknowledge/`;
    const headers = await this.#door.writing();
    const answer = await fetch(path, { method: "POST", headers, body: "{}" }).catch(() => null);
    this.#busy.delete(id);
    this.#failed = !answer?.ok;
    this.#refresh.want();
    this.#draw();
  }

  #draw() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    translate(this, this.#language);
    this.dataset.state = this.#shown;
    this.#drawNotices();
    const now = this.#now();
    const { open } = this.#alerts;
    this.#drawCounts();
    this.#parts.nothing.hidden = open.length > 0;
    const held = document.activeElement?.dataset.alert;
    keyed(this.#parts.list, this.#parts.item, open, (alert) => alert.id, (item, alert) => this.#fill(item, alert, now));
    this.#drawLately();
    // Who has just seen one goes on with the next that nobody has seen.
    const focused = document.activeElement;
    const lost = !focused?.dataset.alert || focused.hidden;
    if (held && lost) this.#parts.list.querySelector("button:not([hidden])")?.focus();
    const unseen = open.filter((alert) => !alert.acknowledged).length;
    document.title = `${unseen ? `(${unseen}) ` : ""}${this.#language.say("alerts")}`;
    this.#tick();
  }

  #fill(item, alert, now) {
    const language = this.#language;
    item.dataset.severity = alert.severity;
    item.toggleAttribute("data-acknowledged", alert.acknowledged);
    put(item.querySelector(".severity"), this.#speech.severity(alert.severity), language);
    put(item.querySelector(".kind"), this.#speech.kind(alert.kind), language);
    put(item.querySelector(".measured"), this.#speech.measured(alert), language);
    put(item.querySelector(".about"), this.#speech.about(alert), language);
    put(item.querySelector(".since"), language.say("since", { time: this.#time(alert.since) }), language);
    put(item.querySelector(".lasted"), this.#speech.lasted(alert.since, now), language);
    put(item.querySelector(".times"), alert.times > 1 ? language.say("times", { count: alert.times }) : "", language);
    const name = apart(alert.acknowledged_by ?? "");
    const seen = alert.acknowledged_by ? language.say("seen_by", { name }) : language.say("seen");
    put(item.querySelector(".seen"), alert.acknowledged ? seen : "", language);
    const button = item.querySelector("button");
    button.dataset.alert = alert.id;
    button.hidden = alert.acknowledged;
    button.setAttribute("aria-label", `${language.say("acknowledge")}: ${this.#speech.spoken(alert)}`);
  }

  #drawCounts() {
    const { counts } = this.#alerts;
    keyed(this.#parts.counts, this.#parts.count, counts, ({ severity }) => severity, (item, { severity, count }) => {
      item.dataset.severity = severity;
      item.toggleAttribute("data-none", count === 0);
      put(item.querySelector(".what"), this.#speech.severity(severity), this.#language);
      item.querySelector(".number").textContent = String(count);
    });
  }

  #drawLately() {
    const { lately } = this.#alerts;
    this.#parts.lately.hidden = lately.length === 0;
    keyed(this.#parts["lately-list"], this.#parts["lately-item"], lately, ({ id }) => id, (item, told) => {
      item.querySelector(".when").textContent = this.#time(told.at);
      put(item.querySelector(".kind"), this.#speech.kind(told.kind), this.#language);
      item.querySelector(".code").textContent = told.code;
    });
  }

  #drawNotices() {
    const language = this.#language;
    const since = this.#staleSince && this.#time(this.#staleSince);
    put(this.#parts.stale, since ? language.say("page_stale", { time: since }) : "", language);
    put(this.#parts.notice, this.#failed ? language.say("not_done") : "", language);
  }
}

customElements.define("alert-panel", AlertPanel);
