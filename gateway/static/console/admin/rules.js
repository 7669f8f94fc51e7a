// A clinic's rules for rooms: those in force, a draft of others, what the draft would have done on a day that is over, and
// the step that puts it in force. Knows how drafts become versions; which kinds of rules there are, the interface says.

import { doctors } from "../directory.js";
import { confirm } from "../dialog.js";
import { el, fill, sheet } from "../dom.js";
import { Form } from "../form.js";
import { button, chip, empty, failure, heading, table } from "../parts.js";
import { address } from "../router.js";
import { Shape, grouped, schemas } from "./schema.js";

const KINDS = { draft: "wait", active: "good", archived: "quiet" };

export default {
  async open(app, host, params) {
    await sheet("/static/console/admin/admin.css");
    const [clinics, who, all] = await Promise.all([app.all("/clinics/"), doctors(app), schemas()]);
    if (!clinics.length) {
      host.append(heading(app.say("rules")), empty(app.say("clinics_first"), app.link(app.say("add_clinic"), "admin", "clinics")));
      return;
    }
    const view = new RulesView(app, clinics, who, all, clinics.find(({ id }) => id === params.id) ?? clinics[0]);
    host.append(view.element);
    await view.ask();
  },
};

class RulesView {
  #app;
  #doctors;
  #all;
  #clinic;
  #rooms = [];
  #listed = el("div");
  #versions = el("div");
  #panel = el("section", { class: "panel" });
  #steps = el("div", { class: "actions" });
  #turn = 0;

  constructor(app, clinics, who, all, clinic) {
    this.#app = app;
    this.#doctors = who.map(({ id, name }) => [id, name]);
    this.#all = all;
    this.#clinic = clinic;
    const picked = el("select", { "aria-label": app.say("clinic"), onChange: () => app.router.go(address("admin", "rules", picked.value)) },
      clinics.map(({ id, name }) => el("option", { value: id, selected: id === clinic.id }, name)));
    this.element = el("div", {}, heading(app.say("rules"), picked, this.#steps),
      el("div", { class: "columns" }, el("section", { class: "kept" }, this.#listed, el("h2", {}, app.say("versions")), this.#versions), this.#panel));
  }

  get #kinds() {
    return this.#all.AddRule.properties.rule.discriminator.mapping;
  }

  async ask() {
    const app = this.#app;
    const turn = (this.#turn += 1);
    const [clinic, rooms, versions] = await Promise.all([
      app.get(`/clinics/${this.#clinic.id}/`),
      app.all("/rooms/", { clinic_id: this.#clinic.id }),
      app.all(`/clinics/${this.#clinic.id}/rules/versions/`),
    ]);
    if (turn !== this.#turn) return; // asked again meanwhile: there may be no such draft any more
    this.#clinic = clinic;
    this.#rooms = rooms.map(({ id, name }) => [id, name]);
    const version = clinic.has_draft ? "draft" : null;
    const rules = await app.all("/rules/", { clinic_id: clinic.id, version }).catch((error) => {
      if (turn === this.#turn) throw error;
    });
    if (turn !== this.#turn) return;
    this.#drawRules(rules);
    this.#drawVersions(versions);
    this.#drawSteps();
    if (!this.#panel.childElementCount) this.#fresh();
  }

  #drawSteps() {
    const app = this.#app;
    fill(this.#steps,
      button(app, "add_rule", () => this.#fresh(true), { key: "n" }),
      button(app, "dry_run", () => this.#dryRun(), { key: "d" }),
      this.#clinic.has_draft ? button(app, "activate", (at) => this.#activate(null, at), { kind: "main" }) : "",
      this.#clinic.has_draft ? button(app, "discard", (at) => this.#discard(at), { kind: "danger" }) : "");
  }

  #drawRules(rules) {
    const app = this.#app;
    const text = this.#clinic.has_draft ? app.say("draft_shown") : app.say("active_shown", { version: this.#clinic.rule_version });
    const cells = (one) => [
      button(app, "", () => this.#edit(one), { kind: "plain", label: one.rule.name }),
      app.say(`kind_${one.rule.kind}`),
      one.rule.enabled !== false ? app.say("on") : app.say("off"),
      button(app, "remove", (at) => this.#remove(one, at), { kind: "plain" }),
    ];
    const heads = ["f_name", "kind", "status", "actions"].map((word) => app.say(word));
    fill(this.#listed, el("p", { class: "hint" }, text), rules.length ? table(app.say("rules"), heads, rules.map(cells)) : empty(app.say("no_rules")));
  }

  #drawVersions(versions) {
    const app = this.#app;
    const cells = (one) => [
      String(one.rule_version),
      chip(KINDS[one.status], app.say(`version_${one.status}`)),
      app.time.moment(one.activated_at),
      one.activated_by,
      one.status === "archived" ? button(app, "again", (at) => this.#activate(one.rule_version, at), { kind: "plain" }) : "",
    ];
    const heads = ["version", "status", "since", "by", "actions"].map((word) => app.say(word));
    fill(this.#versions, versions.length ? table(app.say("versions"), heads, versions.map(cells)) : empty(app.say("no_versions")));
  }

  #fresh(focus = false) {
    const app = this.#app;
    const place = el("div", {});
    const draw = () => fill(place, this.#form(null, picked.value).element);
    const picked = el("select", { id: "rule-kind", onChange: draw }, Object.keys(this.#kinds).map((kind) => el("option", { value: kind }, app.say(`kind_${kind}`))));
    fill(this.#panel, el("h2", {}, app.say("add_rule")), el("div", { class: "field" }, el("label", { for: "rule-kind" }, app.say("kind")), picked), place);
    draw();
    if (focus) picked.focus();
  }

  #edit(one) {
    const form = this.#form(one, one.rule.kind);
    fill(this.#panel, el("h2", { tabindex: -1 }, one.rule.name), el("p", { class: "hint" }, this.#app.say(`kind_${one.rule.kind}`)), form.element);
    this.#panel.querySelector("h2").focus();
  }

  #form(one, kind) {
    const app = this.#app;
    const named = this.#kinds[kind].split("/").at(-1);
    const choices = { doctors: this.#doctors, doctor_ids: this.#doctors, rooms: this.#rooms, room_ids: this.#rooms };
    const shape = new Shape(app, this.#all, named, { choices, beneath: "rule." });
    const form = new Form(app, { classes: "many", fields: shape.fields, submit: one ? "save" : "add_rule", act: (values, how) => this.#save(one, kind, shape, values, how) });
    grouped(el, form, shape);
    if (one) form.set(shape.values({ rule: one.rule }));
    return form;
  }

  async #save(one, kind, shape, values, how) {
    const app = this.#app;
    const { rule } = shape.body(values, one && { rule: one.rule });
    rule.kind = kind;
    const send = one
      ? (once) => app.send("PUT", `/rules/${one.id}/`, { rule }, { ...once, version: one.version })
      : (once) => app.send("POST", "/rules/", { clinic_id: this.#clinic.id, rule }, once);
    const answer = await app.act(send, { ...how, what: rule.name, done: () => app.say("in_draft", { name: rule.name }) });
    if (!answer) return;
    if (how.form.element.isConnected) this.#edit(answer.body); // at once: what is typed after it stays
    await this.ask();
  }

  async #remove(one, at) {
    const app = this.#app;
    const answer = await app.act((once) => app.send("DELETE", `/rules/${one.id}/`, null, { ...once, version: one.version }), {
      at, what: one.rule.name, done: () => app.say("out_of_draft", { name: one.rule.name }),
    });
    if (!answer) return;
    this.#panel.replaceChildren();
    await this.ask();
  }

  // What the draft, or what is in force, would have chosen on a day that is over.
  #dryRun() {
    const app = this.#app;
    const found = el("div", { "aria-live": "polite" });
    const versions = this.#clinic.has_draft ? [["draft", app.say("version_draft")]] : [];
    const form = new Form(app, {
      classes: "row",
      fields: [
        { name: "date", word: "day", type: "date", required: true, value: app.time.shift(app.time.today(), -1) },
        { name: "version", word: "version", type: "select", options: [...versions, ["", app.say("version_active")]] },
      ],
      submit: "dry_run",
      act: async ({ date, version }, { at, form: shown }) => {
        const body = { date, ...(version ? { version } : this.#clinic.rule_version ? { version: this.#clinic.rule_version } : {}) };
        const path = `/clinics/${this.#clinic.id}/rules/dry-run/`;
        const said = await app.act((once) => app.send("POST", path, body, { ...once, keep: false }), {
          at, form: shown, done: ({ body: told }) => app.say("dry_run_said", { count: told.appointments, changed: told.changed.length }),
        });
        if (said) fill(found, this.#told(said.body));
      },
    });
    fill(this.#panel, el("h2", {}, app.say("dry_run")), el("p", { class: "hint" }, app.say("dry_run_hint")), form.element, found);
    form.focus();
  }

  #told(said) {
    const app = this.#app;
    const room = (id) => (id === null ? app.say("no_room") : (this.#rooms.find(([one]) => one === id)?.[1] ?? app.say("another_room")));
    const head = el("p", {}, app.say("dry_run_counts", { appointments: said.appointments, unchanged: said.unchanged, without: said.without_room }));
    if (!said.changed.length) return head;
    const rows = said.changed.map((one) => [one.appointment_id.slice(-6), room(one.room_id), room(one.would_be), one.score_then ?? "", one.score_now ?? ""].map(String));
    return [head, table(app.say("dry_run"), ["appointment", "room_then", "room_now", "score_then", "score_now"].map((word) => app.say(word)), rows)];
  }

  async #activate(version, at) {
    const app = this.#app;
    const sure = await confirm(app, { title: app.say("activate"), text: app.say("activate_hint"), word: "activate" });
    if (!sure) return;
    const body = version === null ? {} : { version };
    const answer = await app.act((once) => app.send("POST", `/clinics/${this.#clinic.id}/rules/activate/`, body, once), {
      at, what: app.say("activate"), done: () => app.say("activated"),
    });
    if (answer) await this.#again();
  }

  async #discard(at) {
    const app = this.#app;
    const sure = await confirm(app, { title: app.say("discard"), text: app.say("discard_hint"), word: "discard", danger: true });
    if (!sure) return;
    const answer = await app.act((once) => app.send("POST", `/clinics/${this.#clinic.id}/rules/discard/`, {}, once), { at, what: app.say("discard"), done: () => app.say("discarded") });
    if (answer) await this.#again();
  }

  async #again() {
    this.#panel.replaceChildren();
    try {
      await this.ask();
    } catch (error) {
      fill(this.#listed, failure(this.#app, error, () => this.#again()));
    }
  }
}
