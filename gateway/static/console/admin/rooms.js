// The rooms of a clinic: what they are, for whom, and how long they need between two patients. And how boards show them.

import { doctors } from "../directory.js";
import { el } from "../dom.js";
import { Form } from "../form.js";
import { empty, heading } from "../parts.js";
import { Records } from "./records.js";

export default {
  async open(app, host, params) {
    const [clinics, who] = await Promise.all([app.all("/clinics/"), doctors(app)]);
    if (!clinics.length) {
      host.append(heading(app.say("rooms")), empty(app.say("clinics_first"), app.link(app.say("add_clinic"), "admin", "clinics")));
      return;
    }
    let clinic = clinics.find(({ id }) => id === params.query.get("clinic") || id === params.id) ?? clinics[0];
    const records = new Records(app, {
      view: "rooms", word: "rooms", one: "add_room", path: "/rooms/", add: "AddRoom", change: "ChangeRoom", retire: "retire",
      query: { clinic_id: clinic.id },
      title: (one) => one.name,
      about: (one) => one.type,
      omit: ["clinic_id"],
      choices: async () => ({ doctors: who.map(({ id, name }) => [id, name]) }),
      extra: (item) => (item ? null : { element: el("p", { class: "hint" }, app.say("in_clinic", { name: clinic.name })), set: () => {}, put: (body) => (body.clinic_id = clinic.id) }),
      before: (one) => ({ ...one, department: one.department || null }),
      more: (one) => shown(app, one, records),
    });
    const picked = el("select", {
      "aria-label": app.say("clinic"),
      onChange: () => {
        clinic = clinics.find(({ id }) => id === picked.value);
        records.ask({ clinic_id: clinic.id });
      },
    }, clinics.map(({ id, name }) => el("option", { value: id, selected: id === clinic.id }, name)));
    await records.open(host, params, picked);
  },
};

function shown(app, one, records) {
  const form = new Form(app, {
    classes: "row",
    fields: [
      { name: "label", word: "f_label", maxlength: 40, value: one.display.label },
      { name: "display_order", word: "f_display_order", type: "number", min: 0, value: one.display.display_order },
      { name: "color_hex", word: "f_color", type: "color", value: one.display.color_hex },
    ],
    submit: "save",
    act: async (values, how) => {
      const automatic = one.display.color_source === "auto" && values.color_hex === one.display.color_hex;
      const body = automatic ? { ...values, color_hex: null } : values;
      const said = await app.act((once) => app.send("PUT", `/rooms/${one.id}/display/`, body, { ...once, version: one.version }), {
        ...how, what: one.name, done: () => app.say("changed", { name: one.name }),
      });
      if (said) await records.refresh(one.id);
    },
  });
  return el("section", { class: "inner" }, el("h3", {}, app.say("on_boards")), form.element);
}
