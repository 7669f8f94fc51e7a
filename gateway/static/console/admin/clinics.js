// Clinics: houses of rooms, and how long they hold, wait and search.

import { el } from "../dom.js";
import { Records } from "./records.js";

export default {
  async open(app, host, params) {
    const records = new Records(app, {
      view: "clinics", word: "clinics", one: "add_clinic", path: "/clinics/", add: "AddClinic", change: "ChangeClinic", retire: "retire",
      title: (one) => one.name,
      about: (one) => app.say("rooms_count", { count: one.rooms }),
      more: (one) => el("p", { class: "choice" }, app.link(app.say("rooms"), "admin", "rooms", one.id), app.link(app.say("rules"), "admin", "rules", one.id)),
    });
    await records.open(host, params);
  },
};
