// The person's own menu: hospital, language, whose view is shown, the keys of the moment, the glass to break, the way out.

import { dialog } from "./dialog.js";
import { el, freshId } from "./dom.js";
import { shortcuts } from "./shortcuts.js";
import { keepLanguage } from "./words.js";

const LOOKS = ["", "clerk", "clinician", "admin", "auditor"];
const BREAKERS = ["clerk", "clinician", "admin", "auditor"];

export async function openMenu(app, changed) {
  const keys = shortcuts.here();
  const { session } = app;
  const roles = [...app.roles].map((role) => app.say(`role_${role}`)).join(", ");
  await dialog(session.shown || session.name, (close) =>
    el(
      "div",
      { class: "menu" },
      el("p", { class: "hint" }, roles),
      hospitals(app),
      session.kind === "dev" && choice(app, "look_as", LOOKS.map((role) => [role, app.say(role ? `role_${role}` : "everybody")]), app.lookAs, (role) => {
        app.lookAs = role;
        location.assign("/console");
      }),
      choice(app, "language", Object.entries(app.languages), app.code, (code) => {
        keepLanguage(code);
        const here = new URL(location.href);
        here.searchParams.delete("lang");
        location.assign(here);
      }),
      keyList(app, keys),
      session.kind === "session" && action(app, "change_password", () => (close(), password(app))),
      breakable(app) && action(app, "break_glass", () => (close(), breakGlass(app, changed)), "danger"),
      session.kind !== "dev" && action(app, "sign_out", () => app.leave()),
      action(app, "close", () => close()),
    ),
  );
}

function action(app, word, onClick, kind = "") {
  return el("button", { type: "button", class: kind, onClick }, app.say(word));
}

function choice(app, word, options, chosen, run) {
  const id = freshId("menu");
  const made = options.map(([value, text]) => el("option", { value, selected: value === chosen }, text));
  return el(
    "div",
    { class: "field" },
    el("label", { for: id }, app.say(word)),
    el("select", { id, onChange: (event) => run(event.currentTarget.value) }, made),
  );
}

// A person's hospitals; a session moves there on the server, a key for the whole network just says it.
function hospitals(app) {
  const known = app.session.hospitals ?? [];
  if (known.length < 2) return null;
  return choice(app, "hospital", known.map(({ id }) => [id, id]), app.hospital, async (id) => {
    const moved = app.session.kind === "session" ? await app.act((once) => app.send("PUT", "/session/", { hospital: id }, once)) : true;
    if (!moved) return;
    app.hospital = id;
    location.assign("/console");
  });
}

function keyList(app, keys) {
  const id = freshId("keys");
  const box = el("input", { type: "checkbox", id, checked: shortcuts.on, onChange: () => (shortcuts.on = box.checked) });
  const rows = keys.map(([key, name]) => el("div", {}, el("dt", {}, el("kbd", {}, key.toUpperCase())), el("dd", {}, name)));
  return el(
    "div",
    { class: "keys" },
    el("div", { class: "field tick" }, box, el("label", { for: id }, app.say("single_keys"))),
    el("dl", {}, rows),
  );
}

const breakable = (app) => !app.brokenGlass && app.session.kind !== "dev" && BREAKERS.some((role) => app.session.roles.includes(role));

async function breakGlass(app, changed) {
  const { Form } = await import("./form.js");
  await dialog(app.say("break_glass"), (close) => {
    const form = new Form(app, {
      fields: [{ name: "reason", word: "reason", type: "textarea", required: true, minlength: 10, maxlength: 200 }],
      submit: "break_glass",
      act: async ({ reason }) => {
        app.breakGlass(reason.replaceAll(/\s+/g, " "));
        changed();
        close();
        app.outcome.said(app.say("glass_is_broken"));
        location.assign("/console");
      },
      cancel: () => close(),
    });
    return el("div", {}, el("p", {}, app.say("glass_warning")), form.element);
  });
}

async function password(app) {
  const { Form } = await import("./form.js");
  await dialog(app.say("change_password"), (close) => {
    const secret = { type: "password", required: true, maxlength: 1_000 };
    const form = new Form(app, {
      fields: [
        { ...secret, name: "old", word: "old_password", autocomplete: "current-password" },
        { ...secret, name: "new", word: "new_password", autocomplete: "new-password", minlength: 12, hint: "password_hint" },
      ],
      submit: "change_password",
      act: async (body, how) => {
        const said = await app.act((once) => app.send("POST", "/session/password/", body, once), {
          ...how, done: () => app.say("password_changed"),
        });
        if (!said) return;
        await app.look();
        close();
      },
      cancel: () => close(),
    });
    return form.element;
  });
}
