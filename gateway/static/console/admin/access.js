// Who may come in: keys of programs and boards, and people with their passwords. A secret is shown once, to be handed on.

import { confirm, dialog } from "../dialog.js";
import { el, fill, sheet } from "../dom.js";
import { Form } from "../form.js";
import { button, chip, empty, failure, heading, table } from "../parts.js";

const ROLES = ["clerk", "clinician", "admin", "auditor", "board", "integration"];
const NOT_SET_UP = "not_set_up";
const KEPT = 60; // minutes that a key goes on beside the one that replaces it

export default {
  async open(app, host) {
    await sheet("/static/console/admin/admin.css");
    const people = new People(app);
    const keys = new Keys(app);
    host.append(heading(app.say("access")), el("div", { class: "access" }, people.element, keys.element));
    await Promise.all([people.ask(), keys.ask()]);
  },
};

const roleFields = (app) => ROLES.map((role) => ({ name: `roles.${role}`, label: app.say(`role_${role}`), type: "checkbox" }));
const rolesOf = (values) => ROLES.filter((role) => values.roles[role]);
const rolesIn = (app, roles) => roles.map((role) => app.say(`role_${role}`)).join(", ");

// The ticks of roles under their legend.
function together(app, form) {
  const parts = ROLES.map((role) => form.input(`roles.${role}`).closest(".field"));
  const set = el("fieldset", { class: "together" }, el("legend", {}, app.say("f_roles")));
  parts[0].before(set);
  set.append(...parts);
  return form;
}

// A secret, until the person says that it has been taken.
async function shown(app, title, secret) {
  await dialog(title, (close) => {
    const copied = el("p", { role: "status" });
    const copy = async () => {
      await navigator.clipboard.writeText(secret);
      fill(copied, app.say("copied"));
    };
    return el("div", { class: "menu" },
      el("p", {}, app.say("shown_once")),
      el("p", { class: "secret", tabindex: 0, dataset: { part: "secret" } }, secret),
      copied,
      el("p", { class: "choice" },
        navigator.clipboard ? button(app, "copy", copy) : "",
        button(app, "taken", () => close(), { kind: "main" })));
  });
}

class Keys {
  #app;
  #listed = el("div");
  element;

  constructor(app) {
    this.#app = app;
    this.element = el("section", { class: "panel" },
      el("div", { class: "heading" }, el("h2", {}, app.say("keys")), button(app, "add_key", () => this.#add(), { key: "k" })),
      el("p", { class: "hint" }, app.say("keys_hint")), this.#listed);
  }

  async ask() {
    const app = this.#app;
    try {
      const items = await app.all("/keys/");
      const heads = ["f_name", "f_roles", "f_expires", "note", "actions"].map((word) => app.say(word));
      fill(this.#listed, items.length ? table(app.say("keys"), heads, items.map((one) => this.#cells(one))) : empty(app.say("none_yet")));
    } catch (error) {
      fill(this.#listed, error.code === NOT_SET_UP ? el("p", {}, app.say("no_keys_file")) : failure(app, error, () => this.ask()));
    }
  }

  #cells(one) {
    const app = this.#app;
    const ends = one.expired ? chip("bad", app.say("is_over")) : one.expires_at ? app.time.moment(one.expires_at) : app.say("never");
    return [
      el("bdi", {}, one.name),
      rolesIn(app, one.roles),
      ends,
      one.note,
      el("span", { class: "choice" },
        button(app, "rotate", (at) => this.#rotate(one, at), { disabled: one.expired }),
        button(app, "revoke", (at) => this.#revoke(one, at), { kind: "danger" })),
    ];
  }

  #path(one, ...more) {
    return `/keys/${[encodeURIComponent(one.name), ...more].join("/")}/`;
  }

  async #add() {
    const app = this.#app;
    const made = await dialog(app.say("add_key"), (close) => together(app, new Form(app, {
      fields: [
        { name: "name", word: "f_name", required: true, maxlength: 80, autocomplete: "off", autofocus: true, hint: "key_name_hint" },
        ...roleFields(app),
        { name: "expires_at", word: "f_expires", type: "moment", hint: "expires_hint" },
        { name: "note", word: "note", maxlength: 200, hint: "note_hint" },
      ],
      submit: "add_key",
      cancel: () => close(),
      act: async (values, how) => {
        const body = { ...values, roles: rolesOf(values) };
        const answer = await app.act((once) => app.send("POST", "/keys/", body, once), { ...how, done: () => app.say("key_added", { name: values.name }) });
        if (answer) close(answer.body);
      },
    })).element);
    if (!made) return;
    await this.ask();
    await shown(app, made.name, made.secret);
  }

  async #rotate(one, at) {
    const app = this.#app;
    const sure = await confirm(app, { title: app.say("rotate"), text: app.say("rotate_hint", { name: one.name, minutes: KEPT }), word: "rotate" });
    if (!sure) return;
    const answer = await app.act((once) => app.send("POST", this.#path(one, "rotate"), { keep_minutes: KEPT }, once), { at, done: () => app.say("key_rotated", { name: one.name }) });
    if (!answer) return;
    await this.ask();
    await shown(app, one.name, answer.body.secret);
  }

  async #revoke(one, at) {
    const app = this.#app;
    const sure = await confirm(app, { title: app.say("revoke"), text: app.say("revoke_hint", { name: one.name }), word: "revoke", danger: true });
    if (!sure) return;
    const answer = await app.act((once) => app.send("DELETE", this.#path(one), null, once), { at, done: () => app.say("key_revoked", { name: one.name }) });
    if (answer) await this.ask();
  }
}

class People {
  #app;
  #listed = el("div");
  element;

  constructor(app) {
    this.#app = app;
    this.element = el("section", { class: "panel" },
      el("div", { class: "heading" }, el("h2", {}, app.say("people")), button(app, "add_person", () => this.#add(), { key: "p" })),
      el("p", { class: "hint" }, app.say("people_hint")), this.#listed);
  }

  async ask() {
    const app = this.#app;
    try {
      const items = await app.all("/users/");
      const heads = ["f_name", "f_shown", "f_roles", "status", "actions"].map((word) => app.say(word));
      fill(this.#listed, items.length ? table(app.say("people"), heads, items.map((one) => this.#cells(one))) : empty(app.say("none_yet")));
    } catch (error) {
      fill(this.#listed, error.code === NOT_SET_UP ? el("p", {}, app.say("no_accounts")) : failure(app, error, () => this.ask()));
    }
  }

  #cells(one) {
    const app = this.#app;
    const status = one.disabled ? chip("quiet", app.say("disabled")) : one.locked_until ? chip("warn", app.say("locked_until", { time: app.time.moment(one.locked_until) })) : chip("good", app.say("may_sign_in"));
    return [
      el("bdi", {}, one.name),
      el("bdi", {}, one.shown),
      rolesIn(app, one.roles),
      status,
      el("span", { class: "choice" },
        button(app, "change", () => this.#change(one)),
        one.signs_in_by === "password" ? button(app, "reset_password", (at) => this.#reset(one, at)) : "",
        one.locked_until ? button(app, "unlock", (at) => this.#set(one, "POST", "unlock/", {}, "unlocked", at)) : "",
        button(app, one.disabled ? "enable" : "disable", (at) => this.#set(one, "PUT", "", { disabled: !one.disabled }, one.disabled ? "enabled_again" : "disabled_now", at)),
        button(app, "remove", (at) => this.#remove(one, at), { kind: "danger" })),
    ];
  }

  #path(one, more = "") {
    return `/users/${encodeURIComponent(one.name)}/${more}`;
  }

  async #add() {
    const app = this.#app;
    const made = await dialog(app.say("add_person"), (close) => together(app, new Form(app, {
      fields: [
        { name: "name", word: "f_sign_in_name", required: true, maxlength: 64, autocomplete: "off", autofocus: true, hint: "sign_in_name_hint" },
        { name: "shown", word: "f_shown", maxlength: 120 },
        ...roleFields(app),
        { name: "password", word: "password", type: "password", minlength: 12, maxlength: 1_000, autocomplete: "new-password", hint: "made_here_hint" },
      ],
      submit: "add_person",
      cancel: () => close(),
      act: async (values, how) => {
        const body = { ...values, roles: rolesOf(values) };
        const answer = await app.act((once) => app.send("POST", "/users/", body, once), { ...how, done: () => app.say("person_added", { name: values.name }) });
        if (answer) close(answer.body);
      },
    })).element);
    if (!made) return;
    await this.ask();
    if (made.password) await shown(app, made.name, made.password);
  }

  #change(one) {
    const app = this.#app;
    return dialog(one.name, (close) => {
      const form = together(app, new Form(app, {
        fields: [{ name: "shown", word: "f_shown", maxlength: 120 }, ...roleFields(app)],
        cancel: () => close(),
        act: async (values, how) => {
          const body = { shown: values.shown ?? "", roles: rolesOf(values) };
          const answer = await app.act((once) => app.send("PUT", this.#path(one), body, once), { ...how, done: () => app.say("changed", { name: one.name }) });
          if (!answer) return;
          close();
          await this.ask();
        },
      }));
      form.set({ shown: one.shown, roles: Object.fromEntries(one.roles.map((role) => [role, true])) });
      return form.element;
    });
  }

  async #reset(one, at) {
    const app = this.#app;
    const sure = await confirm(app, { title: app.say("reset_password"), text: app.say("reset_hint", { name: one.name }), word: "reset_password", danger: true });
    if (!sure) return;
    const answer = await app.act((once) => app.send("POST", this.#path(one, "password/"), {}, once), { at, done: () => app.say("password_reset", { name: one.name }) });
    if (answer) await shown(app, one.name, answer.body.password);
    await this.ask();
  }

  async #remove(one, at) {
    const app = this.#app;
    const sure = await confirm(app, { title: app.say("remove"), text: app.say("remove_person_hint", { name: one.name }), word: "remove", danger: true });
    if (sure) await this.#set(one, "DELETE", "", null, "person_removed", at);
  }

  async #set(one, method, more, body, word, at) {
    const app = this.#app;
    const answer = await app.act((once) => app.send(method, this.#path(one, more), body, once), { at, done: () => app.say(word, { name: one.name }) });
    if (answer) await this.ask();
  }
}
