// The clinician's own queue: who is here now, who comes next, and the steps of a consultation, each one key away.

import { confirm } from "../dialog.js";
import { doctors } from "../directory.js";
import { el, fill, freshId, sheet } from "../dom.js";
import { List } from "../list.js";
import { button, chip, empty, failure, heading } from "../parts.js";
import { QueueModel } from "../queue_model.js";
import { address } from "../router.js";
import { step, undoable } from "../desk/steps.js";

const DOCTOR = "matron-my-doctor"; // of this person on this machine
const COUNTER = "matron-my-counter";
const LOOK_AGAIN = 30_000; // ms

export const mine = {
  async open(app, host, params) {
    await sheet("/static/console/desk/desk.css");
    const view = new Mine(app);
    fill(host, view.element);
    await view.open(params.id);
    return () => view.close();
  },
};

class Mine {
  #app;
  #doctor;
  #counter;
  #next;
  #undo = el("span", {});
  #counts = el("p", { class: "hint", role: "status" });
  #present = el("div", { class: "stack" });
  #list;
  #body = el("div", { class: "columns" });
  #model = null;
  #names = new Map(); // of patients who are or were here: asked for one by one, as somebody turns to them
  #drawn = "";
  #timer = 0;
  #stop = () => {};

  constructor(app) {
    this.#app = app;
    this.#doctor = el("select", { id: freshId("doctor"), onChange: () => this.#doctor.value && this.#choose(this.#doctor.value) });
    this.#counter = el("select", { id: freshId("counter"), onChange: () => localStorage.setItem(COUNTER, this.#counter.value) });
    this.#next = button(app, "call_next", (at) => this.#callNext(at), { key: "n", kind: "main" });
    this.#list = new List({
      label: app.say("who_waits"), row: (one, place) => this.#row(one, place), onOpen: (one) => this.#call(one), empty: app.say("queue_empty"),
    });
    this.element = el(
      "div",
      {},
      heading(app.say("mine"), this.#field("my_doctor", this.#doctor), this.#field("counter", this.#counter), this.#next, this.#undo),
      this.#body,
    );
  }

  async open(id) {
    const app = this.#app;
    const known = (await doctors(app)).filter((one) => !one.retired);
    if (!known.length) {
      this.#next.disabled = true;
      return fill(this.#body, empty(app.say("no_doctors")));
    }
    this.#timer = setInterval(() => this.#list.redraw(), LOOK_AGAIN);
    const wanted = id || localStorage.getItem(`${DOCTOR}:${app.session.name}`);
    const chosen = known.find((one) => one.id === wanted);
    const options = known.map((one) => el("option", { value: one.id, selected: one === chosen }, `${one.name} · ${one.specialization}`));
    if (!chosen) options.unshift(el("option", { value: "", selected: true }, app.say("choose_doctor")));
    fill(this.#doctor, options);
    if (!chosen) {
      this.#next.disabled = true;
      return fill(this.#body, empty(app.say("say_who_you_are")));
    }
    await this.#choose(chosen.id);
  }

  // Another queue in the same place: whoever goes through the doctors with the arrows keeps the focus.
  async #choose(id) {
    localStorage.setItem(`${DOCTOR}:${this.#app.session.name}`, id);
    history.replaceState(null, "", address("clinic", "mine", id));
    this.#model?.close();
    this.#model = null;
    fill(this.#undo);
    fill(this.#counts);
    await this.#show(id);
  }

  close() {
    this.#model?.close();
    this.#stop();
    clearInterval(this.#timer);
  }

  // A doctor's queue opens with the first patient who arrives; until then the services say when that is.
  async #show(id) {
    const app = this.#app;
    const here = () => this.#doctor.value === id;
    const model = new QueueModel(app, id, () => this.#draw());
    try {
      await model.open();
    } catch (error) {
      model.close();
      if (!here()) return;
      if (error.status !== 404) return fill(this.#body, failure(app, error, () => this.#show(id)));
      this.#next.disabled = true;
      fill(this.#body, empty(app.say("nobody_yet")));
      this.#stop();
      this.#stop = app.follow(["services"], {
        snapshot: (_, { items }) => items.some((one) => one.id === id) && this.#show(id),
        messages: (list) => list.some((one) => one.service_id === id) && this.#show(id),
      });
      return;
    }
    if (!here()) return model.close();
    this.#stop();
    this.#stop = () => {};
    this.#next.disabled = false;
    this.#model = model;
    fill(
      this.#body,
      el("section", { "aria-label": app.say("here_now") }, this.#present),
      el("section", { class: "stack", "aria-label": app.say("who_waits") }, this.#counts, this.#list.element),
    );
    this.#draw();
  }

  #field(word, input) {
    return el("div", { class: "field inline" }, el("label", { for: input.id }, this.#app.say(word)), input);
  }

  #draw() {
    if (!this.#model) return;
    const app = this.#app;
    const { serving, parked, line, settings, status } = this.#model;
    const counters = (settings?.counters ?? []).filter((one) => one.open).map((one) => one.name);
    if (String([...this.#counter.options].map((one) => one.value)) !== String(counters)) {
      const kept = this.#counter.value || localStorage.getItem(COUNTER);
      fill(this.#counter, counters.map((name) => el("option", { value: name, selected: name === kept }, name)));
    }
    this.#counter.closest(".field").hidden = counters.length < 2;
    const paused = status === "active" ? "" : ` · ${app.say(`service_${status}`)}`;
    fill(this.#counts, app.say("people_wait", { count: line.length }), paused);
    this.#list.set([...line, ...parked]);
    this.#here(serving);
  }

  // Who was called or is inside; drawn again only when that is otherwise, so that the focus stays where it was.
  #here(serving) {
    const app = this.#app;
    const now = serving.map((one) => [one.id, one.status, one.calls, one.patient_id].join()).join(";");
    if (now === this.#drawn && this.#present.firstChild) return;
    const had = this.#present.contains(document.activeElement) || document.activeElement === this.#next;
    this.#drawn = now;
    if (!serving.length) {
      fill(this.#present, el("div", { class: "panel" }, el("p", { class: "empty" }, app.say("nobody_here"))));
      if (had) this.#next.focus();
      return;
    }
    fill(this.#present, serving.map((one) => this.#patient(one)));
    if (had) this.#present.querySelector("button")?.focus();
  }

  #patient(one) {
    const app = this.#app;
    const who = el("bdi", {}, this.#names.get(one.patient_id) ?? "");
    if (one.patient_id && !this.#names.has(one.patient_id)) this.#name(one.patient_id, who);
    return el(
      "article",
      { class: "panel present" },
      el("p", { class: "code big" }, one.code),
      el("h2", {}, who),
      el(
        "p",
        {},
        chip(one.status === "consulting" ? "good" : "warn", app.say(`ticket_${one.status}`)),
        " ",
        one.status === "called" && app.say("called_times", { count: one.calls, time: app.time.clock(one.called_at) }),
        one.status === "consulting" && app.say("since", { time: app.time.clock(one.started_at ?? one.called_at) }),
      ),
      el("p", { class: "choice" }, this.#steps(one)),
    );
  }

  async #name(id, place) {
    try {
      const patient = await this.#app.get(`/patients/${id}/`);
      this.#names.set(id, patient.name);
      place.textContent = patient.name;
    } catch {
      place.textContent = ""; // the code is enough to call somebody
    }
  }

  #steps(one) {
    const app = this.#app;
    const take = (name, word) => (at) => this.#step(one, { path: `/tickets/${one.id}/${name}/`, word }, at);
    if (one.status === "called") {
      return [
        button(app, "start", take("start", "did_start"), { key: "s", kind: "main" }),
        button(app, "recall", take("recall", "did_recall"), { key: "r" }),
        button(app, "no_answer", take("no-answer", "did_no_answer"), { key: "a" }),
        button(app, "park", take("park", "did_park"), { key: "k" }),
      ];
    }
    return [
      button(app, "complete", take("complete", "did_complete"), { key: "c", kind: "main" }),
      one.patient_id && button(app, "refer", () => this.#refer(one), { key: "f" }),
    ];
  }

  #row(one, place) {
    const app = this.#app;
    return [
      el("span", { class: "place-number" }, one.status === "waiting" ? place + 1 : ""),
      el("strong", { class: "code" }, one.code),
      one.status === "parked" && chip("quiet", app.say("ticket_parked")),
      one.priority !== "low" && el("span", { class: `priority ${one.priority}` }, app.say(`priority_${one.priority}`)),
      el("span", { class: "grow faint" }, app.say("waits_since", { count: app.time.minutesSince(one.arrived_at) })),
    ];
  }

  async #step(one, how, at) {
    await step(this.#app, one, how, (answer, back) => this.#after(answer.body, back ? "" : how.word), at);
  }

  #after(one, word = "") {
    const app = this.#app;
    this.#model.take(one);
    fill(this.#undo);
    if (!word || word === "did_recall") return;
    const what = app.say(word, { code: one.code });
    const undo = () => undoable(app, one, what, (answer) => this.#after(answer.body));
    fill(this.#undo, button(app, "undo", undo, { key: "u", label: app.say("undo_it", { what }) }));
  }

  async #callNext(at) {
    const app = this.#app;
    const path = `/services/${this.#doctor.value}/call-next/`;
    const done = ({ body: { ticket, next_callable_at: next } }) => {
      if (!ticket) return next ? app.say("nobody_until", { time: app.time.clock(next) }) : app.say("nobody_waits");
      return app.say("did_call", { code: ticket.code });
    };
    const body = { counter: this.#counter.value };
    const answer = await app.act((once) => app.send("POST", path, body, once), { at, done, what: app.say("call_next") });
    if (answer?.body.ticket) this.#after(answer.body.ticket, "did_call");
  }

  // Somebody who waits is called out of turn, or taken back from where he was parked.
  async #call(one) {
    const app = this.#app;
    if (one.status === "parked") return this.#step(one, { path: `/tickets/${one.id}/resume/`, word: "did_resume" }, null);
    const first = this.#model.line[0]?.id === one.id;
    const said = first
      ? { reason: "" }
      : await confirm(app, { title: app.say("call_title", { code: one.code }), text: app.say("out_of_turn"), word: "call", reason: "needed" });
    if (!said) return;
    const body = { counter: this.#counter.value, ...(said.reason ? { reason: said.reason } : {}) };
    await this.#step(one, { path: `/tickets/${one.id}/call/`, body, word: "did_call" }, null);
  }

  async #refer(one) {
    const { refer } = await import("./refer.js");
    await refer(this.#app, one, this.#doctor.value);
  }
}
