// What can be done with a token, a waiting entry or a ticket: each step a button, where its state lets it be taken.
// What becomes of it the server decides; here stands only what is worth offering.

import { confirm, dialog } from "../dialog.js";
import { services } from "../directory.js";
import { Form } from "../form.js";
import { button } from "../parts.js";

// Does a step of a token or ticket; `after(answer, back)` when it is done, or taken back.
export function step(app, row, { verb = "POST", path, body = {}, word, values = {}, undo = true }, after, at) {
  const what = app.say(word, { code: row.ticket_code ?? row.code ?? "", ...values });
  const done = () => ({ text: what, undo: undo && { text: app.say("undo_it", { what }), run: () => undoable(app, row, what, (answer) => after(answer, true)) } });
  return app.act((once) => app.send(verb, path, body, once), { at, done, what }).then((answer) => answer && after(answer));
}

// Takes the last step of a token or a ticket back.
export function undoable(app, row, what, after) {
  const path = row.slot_id ? `/tokens/${row.id}/undo/` : `/tickets/${row.id}/undo/`;
  const done = () => app.say("undone", { what });
  return app.act((once) => app.send("POST", path, {}, once), { done, what: app.say("undo") }).then((answer) => answer && after(answer));
}

const LAST = { ARRIVED: "did_check_in", CALLED: "did_call", IN_CONSULT: "did_start", COMPLETED: "did_complete", CANCELLED: "did_cancel", NO_SHOW: "did_no_show" };

// The buttons of a token, whatever its state.
export function steps(app, token, after) {
  const path = (name) => `/tokens/${token.id}/${name}`;
  const state = token.status === "CONFIRMED" ? token.phase : token.status;
  const made = [];
  const add = (word, run, how) => made.push(button(app, word, run, how));
  if (state === "BOOKED" || state === "NO_SHOW")
    add("check_in", (at) => step(app, token, { path: path("check-in/"), word: "did_check_in" }, after, at), { kind: "main" });
  if (token.status === "CONFIRMED") add("print_ticket", (at) => print(app, token, at));
  if (state === "BOOKED" || state === "ARRIVED") {
    add("move", async () => {
      const { book } = await import("./booking.js");
      const moved = await book(app, null, { moving: token });
      if (moved) after(moved);
    });
    add("change_category", () => category(app, token, after));
  }
  if (state === "BOOKED" || state === "ARRIVED" || state === "CALLED") {
    add("cancel_token", async (at) => {
      const said = await confirm(app, { title: app.say("cancel_title", { code: token.ticket_code ?? "" }), word: "cancel_token", reason: "asked", danger: true });
      if (said) step(app, token, { verb: "DELETE", path: path(""), body: said.reason ? { reason: said.reason } : {}, word: "did_cancel" }, after, at);
    });
  }
  if (state === "BOOKED") {
    add("no_show", async (at) => {
      const said = await confirm(app, { title: app.say("no_show_title", { code: token.ticket_code ?? "" }), word: "no_show", reason: "needed" });
      if (said) step(app, token, { path: path("no_show/"), body: { force: true, reason: said.reason }, word: "did_no_show" }, after, at);
    });
  }
  if (LAST[state]) {
    const what = app.say(LAST[state], { code: token.ticket_code ?? "" });
    add("undo", () => undoable(app, token, what, after), { kind: "plain", label: app.say("undo_it", { what }) });
  }
  return made;
}

// The buttons of a waiting entry.
export function waitingSteps(app, entry, after) {
  const path = (name) => `/waiting-list/${entry.id}/${name}`;
  const made = [];
  if (entry.status === "OFFERED") {
    made.push(button(app, "accept", (at) => step(app, entry, { path: path("accept/"), word: "did_accept", undo: false }, after, at), { kind: "main" }));
    made.push(button(app, "decline", (at) => step(app, entry, { path: path("decline/"), word: "did_decline", undo: false }, after, at)));
  }
  if (entry.status === "OFFERED" || entry.status === "WAITING") {
    made.push(button(app, "leave_list", async (at) => {
      const said = await confirm(app, { title: app.say("leave_list"), word: "leave_list", danger: true });
      if (said) step(app, entry, { verb: "DELETE", path: path(""), word: "did_leave", undo: false }, after, at);
    }));
  }
  return made;
}

async function print(app, token, at) {
  const [{ told }, { printTicket }] = await Promise.all([import("./booking.js"), import("./ticket.js")]);
  const found = await app.act(() => told(app, token), { at });
  if (found) await printTicket(app, found);
}

function category(app, token, after) {
  const options = ["WALKIN", "ONLINE", "FOLLOWUP", "PRIORITY_PAID", "EMERGENCY"].map((one) => [one, app.say(`category_${one}`)]);
  const fields = [
    { name: "category", word: "category", type: "select", options, value: token.category },
    { name: "reason", word: "reason", required: true, maxlength: 500 },
  ];
  return asked(app, "change_category", fields, `/tokens/${token.id}/category/`, "did_change", token, after);
}

// A ticket gets another priority, with a reason.
export function priority(app, ticket, after) {
  const options = ["high", "medium", "low"].map((one) => [one, app.say(`priority_${one}`)]);
  const fields = [
    { name: "priority", word: "priority", type: "select", options, value: ticket.priority },
    { name: "reason", word: "reason", required: true, maxlength: 500 },
  ];
  return asked(app, "change_priority", fields, `/tickets/${ticket.id}/priority/`, "did_change", ticket, after);
}

// A ticket goes to another service and keeps its code.
export async function transfer(app, ticket, after) {
  const open = (await services(app)).filter((one) => one.id !== ticket.service_id && one.status !== "closed");
  const fields = [
    { name: "to_service", word: "service", type: "select", required: true, options: open.map((one) => [one.id, one.name]) },
    { name: "reason", word: "reason_if_any", maxlength: 500 },
  ];
  return asked(app, "transfer", fields, `/tickets/${ticket.id}/transfer/`, "did_transfer", ticket, after);
}

function asked(app, word, fields, path, done, row, after) {
  return dialog(app.say(word), (close) => {
    const form = new Form(app, {
      fields,
      submit: word,
      cancel: () => close(),
      act: async (values, how) => {
        const what = app.say(done, { code: row.ticket_code ?? row.code });
        const answer = await app.act((once) => app.send("POST", path, values, once), { ...how, what, done: () => what });
        if (!answer) return;
        close(answer);
        after(answer);
      },
    });
    return form.element;
  });
}
