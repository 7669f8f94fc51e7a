// The live queue of a service at the desk: who is served, who is parked, who waits; and each step of theirs.

import { confirm } from "../dialog.js";
import { services } from "../directory.js";
import { el, fill, freshId, sheet } from "../dom.js";
import { List } from "../list.js";
import { button, chip, empty, failure, heading } from "../parts.js";
import { QueueModel } from "../queue_model.js";
import { address } from "../router.js";
import { priority, step, transfer, undoable } from "./steps.js";

const KEPT = "matron-desk-service";
const COUNTER = "matron-desk-counter";
const LOOK_AGAIN = 30_000; // ms: minutes that passed
const CHIPS = { waiting: "wait", called: "warn", consulting: "good", parked: "quiet" };

export const queue = {
  async open(app, host, params) {
    await sheet("/static/console/desk/desk.css");
    const view = new Queue(app);
    fill(host, view.element);
    await view.open(params.id);
    return () => view.close();
  },
};

class Queue {
  #app;
  #model = null;
  #services = [];
  #service;
  #counter;
  #list;
  #counts = el("p", { class: "hint", role: "status" });
  #chosen = el("div", { class: "panel" });
  #undo = el("span", {});
  #next;
  #body = el("div", { class: "columns" });
  #timer = 0;
  #drawn = "";
  #wanted = "";

  constructor(app) {
    this.#app = app;
    this.#service = el("select", { id: freshId("service"), onChange: () => this.#choose(this.#service.value) });
    this.#counter = el("select", { id: freshId("counter"), onChange: () => localStorage.setItem(COUNTER, this.#counter.value) });
    this.#next = button(app, "call_next", (at) => this.#callNext(at), { key: "n", kind: "main" });
    this.#list = new List({ label: app.say("queue"), row: (one, place) => this.#row(one, place), onChoose: () => this.#show(), empty: app.say("queue_empty") });
    this.element = el("div", {}, heading(app.say("queue"), this.#field("service", this.#service), this.#field("counter", this.#counter), this.#next, this.#undo), this.#body);
  }

  async open(id) {
    const app = this.#app;
    this.#services = await services(app);
    if (!this.#services.length) {
      this.#next.disabled = true;
      return fill(this.#body, empty(app.say("no_services")));
    }
    const kept = localStorage.getItem(KEPT);
    const service = this.#services.find((one) => one.id === id) ?? this.#services.find((one) => one.id === kept) ?? this.#services[0];
    fill(this.#service, this.#services.map((one) => el("option", { value: one.id, selected: one === service }, one.name)));
    await this.#choose(service.id);
    this.#timer = setInterval(() => this.#list.redraw(), LOOK_AGAIN);
  }

  // Another service in the same place: whoever goes through them with the arrows keeps the focus.
  async #choose(id) {
    const app = this.#app;
    localStorage.setItem(KEPT, id);
    history.replaceState(null, "", address("desk", "queue", id));
    this.#model?.close();
    fill(this.#undo);
    const model = (this.#model = new QueueModel(app, id, () => model === this.#model && this.#draw()));
    fill(this.#body, el("div", { class: "stack" }, this.#counts, this.#list.element), this.#chosen);
    try {
      await model.open();
    } catch (error) {
      if (model === this.#model) fill(this.#body, failure(app, error, () => this.#choose(id)));
    }
  }

  close() {
    this.#model?.close();
    clearInterval(this.#timer);
  }

  #field(word, input) {
    return el("div", { class: "field inline" }, el("label", { for: input.id }, this.#app.say(word)), input);
  }

  #draw() {
    const app = this.#app;
    const { serving, parked, line, settings, status } = this.#model;
    const counters = (settings?.counters ?? []).filter((one) => one.open).map((one) => one.name);
    if (this.#counter.options.length !== counters.length || [...this.#counter.options].some((one, place) => one.value !== counters[place])) {
      const kept = this.#counter.value || localStorage.getItem(COUNTER);
      fill(this.#counter, counters.map((name) => el("option", { value: name, selected: name === kept }, name)));
    }
    const paused = status === "active" ? "" : ` · ${app.say(`service_${status}`)}`;
    fill(this.#counts, app.say("queue_counts", { count: line.length, serving: serving.length, parked: parked.length }), paused);
    this.#list.set([...serving, ...line, ...parked]);
    if (this.#wanted && this.#model.find(this.#wanted)) {
      this.#list.choose(this.#wanted, { show: true });
      this.#wanted = "";
    }
    if (!this.#list.chosen && this.#list.items.length) this.#list.choose(this.#list.items[0].id);
    else this.#show();
  }

  #row(one, place) {
    const app = this.#app;
    const number = one.status === "waiting" ? place + 1 - this.#model.serving.length : "";
    return [
      el("span", { class: "place-number" }, number),
      el("strong", { class: "code" }, one.code),
      chip(CHIPS[one.status], app.say(`ticket_${one.status}`)),
      one.counter && el("span", {}, app.say("at_counter", { name: one.counter })),
      one.priority !== "low" && el("span", { class: `priority ${one.priority}` }, app.say(`priority_${one.priority}`)),
      el("span", { class: "grow faint" }, app.say("waits_since", { count: app.time.minutesSince(one.arrived_at) })),
      one.estimated_wait_minutes && one.status === "waiting" && el("span", { class: "faint" }, app.say("about", { wait: app.wait(one.estimated_wait_minutes) })),
    ];
  }

  // The chosen ticket and its steps; left alone while it is the same in the same state, so that the focus stays.
  #show() {
    const app = this.#app;
    const one = this.#list.chosen;
    const now = one ? [one.id, one.status, one.counter, one.priority, one.patient_id].join() : "";
    if (now === this.#drawn && this.#chosen.firstChild) return;
    const had = this.#chosen.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    this.#drawn = now;
    if (!one) return fill(this.#chosen, empty(app.say("nothing_chosen")));
    fill(
      this.#chosen,
      el("h2", {}, el("span", { class: "code" }, one.code), " ", chip(CHIPS[one.status], app.say(`ticket_${one.status}`))),
      one.patient_id && el("p", {}, el("a", { href: `/console/desk/patients/${one.patient_id}`, dataset: { key: "i" } }, app.say("open_patient"), " ", el("kbd", {}, "I"))),
      el("p", { class: "choice" }, this.#steps(one)),
    );
    if (had !== null) (this.#chosen.querySelector(`[data-key="${had}"]`) ?? this.#chosen.querySelector("button"))?.focus();
  }

  #steps(one) {
    const app = this.#app;
    const made = [];
    const take = (name, word, body = {}) => (at) => this.#step(one, { path: `/tickets/${one.id}/${name}/`, body, word }, at);
    const add = (word, run, how) => made.push(button(app, word, run, how));
    if (one.status === "waiting") add("call", () => this.#call(one), { key: "c" });
    if (one.status === "called") {
      add("start", take("start", "did_start"), { key: "s", kind: "main" });
      add("recall", take("recall", "did_recall"), { key: "r" });
      add("no_answer", take("no-answer", "did_no_answer"), { key: "a" });
    }
    if (one.status === "consulting") add("complete", take("complete", "did_complete"), { key: "d", kind: "main" });
    if (one.status === "waiting" || one.status === "called") add("park", take("park", "did_park"), { key: "k" });
    if (one.status === "parked") add("resume", take("resume", "did_resume"), { key: "k", kind: "main" });
    if (one.status === "waiting" || one.status === "parked") add("transfer", () => transfer(app, one, (answer) => this.#after(answer.body)), { key: "t" });
    if (one.status === "waiting") add("change_priority", () => priority(app, one, (answer) => this.#after(answer.body)), { key: "y" });
    if (one.status !== "consulting") {
      add("cancel_ticket", async (at) => {
        const said = await confirm(app, { title: app.say("cancel_title", { code: one.code }), word: "cancel_ticket", reason: "asked", danger: true });
        if (said) this.#step(one, { path: `/tickets/${one.id}/cancel/`, body: said.reason ? { reason: said.reason } : {}, word: "did_cancel" }, at);
      }, { key: "x", kind: "danger" });
    }
    return made;
  }

  async #step(one, how, at) {
    await step(this.#app, one, how, (answer, back) => this.#after(answer.body, back ? "" : how.word), at);
  }

  // What was done last can be taken back, and the button says what that is.
  #after(one, word = "") {
    const app = this.#app;
    this.#model.take(one);
    fill(this.#undo);
    if (!word || word === "did_recall") return;
    const what = app.say(word, { code: one.code });
    const undo = () => undoable(app, one, what, (answer) => {
      this.#after(answer.body);
      this.#want(one.id);
    });
    fill(this.#undo, button(app, "undo", undo, { key: "u", label: app.say("undo_it", { what }) }));
  }

  async #callNext(at) {
    const app = this.#app;
    const body = { counter: this.#counter.value };
    const path = `/services/${this.#service.value}/call-next/`;
    const what = app.say("call_next");
    const done = ({ body: { ticket, next_callable_at: next } }) => {
      if (!ticket) return next ? app.say("nobody_until", { time: app.time.clock(next) }) : app.say("nobody_waits");
      return app.say("did_call", { code: ticket.code });
    };
    const answer = await app.act((once) => app.send("POST", path, body, once), { at, done, what });
    const ticket = answer?.body.ticket;
    if (!ticket) return;
    this.#after(ticket, "did_call");
    this.#want(ticket.id);
  }

  // This ticket is the chosen one, as soon as the stream has told of it.
  #want(id) {
    this.#wanted = id;
    this.#draw();
  }

  // Out of turn with a reason; whoever stands first needs none.
  async #call(one) {
    const app = this.#app;
    const first = this.#model.line[0]?.id === one.id;
    const said = first
      ? { reason: "" }
      : await confirm(app, { title: app.say("call_title", { code: one.code }), text: app.say("out_of_turn"), word: "call", reason: "needed" });
    if (!said) return;
    const body = { counter: this.#counter.value, ...(said.reason ? { reason: said.reason } : {}) };
    await this.#step(one, { path: `/tickets/${one.id}/call/`, body, word: "did_call" }, null);
  }
}
