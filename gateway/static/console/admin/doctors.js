// Doctors: who there are, and what they do.

import { Records } from "./records.js";

export default {
  async open(app, host, params) {
    const records = new Records(app, {
      view: "doctors", word: "doctors", one: "add_doctor", path: "/doctors/", add: "AddDoctor", change: "UpdateDoctor", retire: "retire",
      title: (one) => one.name,
      about: (one) => one.specialization,
      more: (one) => [app.link(app.say("templates_of_doctor"), "admin", "templates"), app.link(app.say("slots_of_doctor"), "admin", "slots", one.id)],
    });
    await records.open(host, params);
  },
};
