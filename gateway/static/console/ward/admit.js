// Admits a patient: who, how urgent, and what is needed. What came of it stands beside the form at once: doctor, nurse and
// bed and how they were chosen, or that the patient waits, and for what.

import { el, sheet } from "../dom.js";
import { Form } from "../form.js";
import { heading } from "../parts.js";
import { PatientFinder } from "../rooms/patients.js";
import { ACUITIES, AdmissionPanel } from "./admission.js";
import { House } from "./house.js";

export default {
  async open(app, host, place) {
    await sheet("/static/console/ward/ward.css");
    const [house, beds] = await Promise.all([House.open(app), app.all("/beds/")]);
    const panel = new AdmissionPanel(app, house);
    panel.clear(app.say("admit_hint"));
    const finder = new PatientFinder(app);
    const distinct = (names) => [...new Set(names.filter(Boolean))].sort().map((name) => [name, name]);
    const skills = (role) => distinct(house.staff.filter((one) => one.role === role).flatMap((one) => one.skills));
    const many = (name, word, options) => options.length > 0 && { name, word, type: "select", many: true, options };
    const form = new Form(app, {
      classes: "ward-fields",
      fields: [
        {
          name: "acuity",
          word: "acuity",
          type: "select",
          options: ACUITIES.map((acuity) => [acuity, app.say(`acuity_${acuity}`)]),
          value: "medium",
        },
        {
          name: "ward_id",
          word: "ward",
          type: "select",
          options: [["", app.say("any_ward")], ...house.wards.map(({ id, name }) => [id, name])],
          value: place.query.get("ward") ?? "",
        },
        { name: "bed_type", word: "bed_type", type: "select", options: [["", app.say("any")], ...distinct(beds.map((bed) => bed.type))] },
        many("equipment", "equipment", distinct(beds.flatMap((bed) => bed.equipment))),
        { name: "isolation", word: "isolation_for", maxlength: 60, hint: "isolation_hint" },
        many("doctor_skills", "doctor_skills", skills("doctor")),
        many("nurse_skills", "nurse_skills", skills("nurse")),
        { name: "needs_bed", word: "needs_bed", type: "checkbox", value: true },
        { name: "note", word: "note", type: "textarea", maxlength: 2_000 },
      ],
      submit: "admit",
      act: async (values, { at, form: shown }) => {
        if (!finder.chosen) return finder.missing();
        const name = `\u2068${finder.chosen.name}\u2069`;
        const answer = await app.act((once) => app.send("POST", "/admissions/", { patient_id: finder.chosen.id, ...values }, once), {
          at,
          form: shown,
          what: app.say("admit"),
          done: ({ body }) =>
            body.status === "assigned"
              ? app.say("admitted", { name })
              : app.say("admitted_waits", { name, reason: app.say(`waits_${body.reason || "no_bed"}`) }),
        });
        if (!answer) return;
        finder.clear();
        await panel.show(answer.body.id);
        panel.focus();
      },
    });
    host.append(
      heading(app.say("admit"), app.link(app.say("backlog"), "ward", "backlog"), app.link(app.say("beds"), "ward", "beds")),
      el(
        "div",
        { class: "columns" },
        el("div", { class: "ward-form" }, finder.element, el("div", { class: "panel" }, form.element)),
        panel.element,
      ),
    );
    if (place.query.get("patient")) await finder.choose(place.query.get("patient")).catch(() => {});
  },
};
