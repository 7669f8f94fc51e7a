// Registering: asks first whether the person is there already, wherever a telephone or a name agrees.

import { dialog } from "../dialog.js";
import { el, fill } from "../dom.js";
import { Form } from "../form.js";
import { button } from "../parts.js";
import { alike, apart } from "./find.js";

// The fields of a person's record.
export function fields(app, value = {}) {
  return [
    { name: "name", word: "name", required: true, maxlength: 200, value: value.name, autocomplete: "off", autofocus: true },
    { name: "dob", word: "birth_date", type: "date", value: value.dob, min: "1850-01-01", max: app.time.today(), keep: Boolean(value.id) },
    { name: "phone", word: "phone", type: "tel", maxlength: 50, value: value.phone, autocomplete: "off", keep: Boolean(value.id) },
    { name: "gender", word: "gender", maxlength: 50, value: value.gender, hint: "gender_hint", keep: Boolean(value.id) },
    { name: "email", word: "email", type: "email", maxlength: 200, value: value.email, autocomplete: "off", keep: Boolean(value.id) },
  ];
}

// Gives the patient: a new one, or one who was there; null when it was left.
export function register(app, sought = {}) {
  const value = { name: sought.name ?? "", dob: sought.dob ?? "", phone: sought.phone ?? "" };
  return dialog(app.say("register_patient"), (close) => {
    const ask = el("div", { hidden: true, class: "form" });
    const send = async (values, how) => {
      const done = ({ body }) => app.say("registered", { name: body.name });
      const made = await app.act((once) => app.send("POST", "/patients/", values, once), { ...how, done, what: app.say("register_patient") });
      if (made) close(made.body);
    };
    const form = new Form(app, {
      fields: fields(app, value),
      submit: "register",
      cancel: () => close(),
      act: async (values, how) => {
        const looked = await app.act(() => alike(app, values), how);
        if (looked === null) return;
        if (!looked.length) return send(values, how);
        form.element.hidden = true;
        ask.hidden = false;
        fill(ask, question(app, looked, close, () => send(values, { at: how.at }), () => {
          ask.hidden = true;
          form.element.hidden = false;
          form.focus();
        }));
        ask.querySelector("button").focus();
      },
    });
    return el("div", {}, form.element, ask);
  });
}

function question(app, found, close, anyway, back) {
  const rows = found.map((one) =>
    el(
      "li",
      { class: "candidate" },
      el("p", {}, el("bdi", {}, el("strong", {}, one.name)), el("br"), el("span", { class: "hint" }, apart(app, one).join(" · "))),
      el("button", { type: "button", onClick: () => close(one) }, app.say("it_is_this_one")),
    ),
  );
  return [
    el("p", { role: "status" }, app.say("already_here", { count: found.length })),
    el("ul", { class: "candidates" }, rows),
    el("p", { class: "choice" }, button(app, "none_of_them", anyway, { kind: "main" }), button(app, "back", back)),
  ];
}
