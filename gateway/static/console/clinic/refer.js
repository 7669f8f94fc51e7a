// Sending a patient on: tests at a laboratory's branch, or the queue of another service, while the consultation goes on.

import { dialog } from "../dialog.js";
import { services } from "../directory.js";
import { el, fill, freshId } from "../dom.js";
import { Form } from "../form.js";

// Asks where to; `ticket` is that of the patient who is inside.
export function refer(app, ticket, doctor) {
  return dialog(
    app.say("refer"),
    (close) => {
      const place = el("div", {});
      const ways = { tests: () => tests(app, ticket, doctor, close), service: () => other(app, ticket, close) };
      const id = freshId("way");
      const choose = async (way) => {
        fill(place, el("p", { class: "loading" }, app.say("loading")));
        try {
          fill(place, await ways[way]());
        } catch (error) {
          fill(place, el("p", { class: "refused", role: "alert" }, app.why(error)));
        }
      };
      const options = Object.keys(ways).map((way) => el("option", { value: way }, app.say(`refer_${way}`)));
      const select = el("select", { id, onChange: () => choose(select.value) }, options);
      choose("tests");
      return el("div", { class: "form" }, el("div", { class: "field" }, el("label", { for: id }, app.say("refer_where")), select), place);
    },
    { wide: true },
  );
}

async function tests(app, ticket, doctor, close) {
  const [branches, practitioners] = await Promise.all([app.all("/branches/", { active: true }), app.all("/practitioners/")]);
  if (!branches.length) return el("p", { class: "empty" }, app.say("no_branches"));
  const me = practitioners.find((one) => one.doctor_id === doctor);
  const catalogue = async (id) => (await app.all("/tests/", { branch_id: id })).map((one) => [one.id, one.name]);
  const form = new Form(app, {
    fields: [
      {
        name: "branch_id", word: "branch", type: "select", options: branches.map((one) => [one.id, one.name]), value: branches[0].id,
        onChange: async (event) => form.options("tests", await catalogue(event.currentTarget.value)),
      },
      { name: "tests", word: "tests", type: "select", many: true, required: true, options: await catalogue(branches[0].id), hint: "tests_hint" },
      !me && practitioners.length > 0 && {
        name: "practitioner_id", word: "referrer", type: "select", options: [["", "—"], ...practitioners.map((one) => [one.id, one.name])],
      },
      { name: "priority", word: "priority", type: "select", options: ["routine", "urgent", "stat"].map((one) => [one, app.say(`urgency_${one}`)]) },
      { name: "clinical_information", word: "clinical_information", type: "textarea", maxlength: 2_000 },
    ],
    submit: "refer",
    cancel: () => close(),
    act: async (values, how) => {
      const body = { patient_id: ticket.patient_id, ...(me ? { practitioner_id: me.id } : {}), ...values };
      const done = (answer) => app.say("referred", { reference: answer.body.reference });
      const made = await app.act((once) => app.send("POST", "/referrals/", body, once), { ...how, done, what: app.say("refer") });
      if (made) close(made.body);
    },
  });
  return form.element;
}

async function other(app, ticket, close) {
  const open = (await services(app)).filter((one) => one.id !== ticket.service_id && one.status !== "closed");
  if (!open.length) return el("p", { class: "empty" }, app.say("no_services"));
  const form = new Form(app, {
    fields: [
      { name: "service", word: "service", type: "select", options: open.map((one) => [one.id, one.name]) },
      { name: "priority", word: "priority", type: "select", value: ticket.priority, options: ["low", "medium", "high"].map((one) => [one, app.say(`priority_${one}`)]) },
    ],
    submit: "send_there",
    cancel: () => close(),
    act: async ({ service, priority }, how) => {
      const body = { patient_id: ticket.patient_id, priority };
      const done = (answer) => app.say("sent_to", { code: answer.body.code, service: answer.body.service_name });
      const made = await app.act((once) => app.send("POST", `/services/${service}/tickets/`, body, once), { ...how, done, what: app.say("send_there") });
      if (made) close(made.body);
    },
  });
  return form.element;
}
