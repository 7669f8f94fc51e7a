// One bed: how it stands, what can be done for it, and of an occupied one the patient's admission. Knows a bed and its
// steps; not the ward around it.

import { confirm, dialog } from "../dialog.js";
import { el, fill } from "../dom.js";
import { button } from "../parts.js";
import { PatientFinder } from "../rooms/patients.js";

// Steps by state: [word, path, key, whether a reason is needed, who beside the staff].
const STEPS = {
  unoccupied: [["isolate_bed", "isolate", "i", true]],
  reserved: [
    ["release_bed", "release", "l"],
    ["isolate_bed", "isolate", "i", true],
  ],
  occupied: [],
  housekeeping: [
    ["mark_clean", "clean", "c"],
    ["contaminate", "contaminate", "o", true],
    ["isolate_bed", "isolate", "i", true],
  ],
  contaminated: [
    ["mark_decontaminated", "decontaminate", "c"],
    ["isolate_bed", "isolate", "i", true],
  ],
  isolated: [["reopen_bed", "reopen", "o", false, "admin"]],
  closed: [["reopen_bed", "reopen", "o", false, "admin"]],
};
const NOBODY = { patient_name: null, doctor_name: null, nurse_name: null }; // who it is stands with the admission
const CLOSABLE = new Set(["unoccupied", "reserved", "housekeeping", "contaminated", "isolated"]);

export class BedPanel {
  #app;
  #speech;
  #admission;
  #changed;
  #seen = "";
  #head = el("section", { class: "panel" });

  constructor(app, house, speech, admission, changed) {
    this.#app = app;
    this.#speech = speech;
    this.#admission = admission;
    this.#changed = changed;
    this.element = el("div", { class: "ward-bed" });
  }

  // `bed` as the staff's board has it; what looks the same is left alone.
  show(bed, room, overdue) {
    const seen = JSON.stringify([bed, overdue]);
    if (seen !== this.#seen) this.#draw(bed, room, overdue);
    this.#seen = seen;
    if (bed.admission_id && this.#admission.id !== bed.admission_id) this.#admission.show(bed.admission_id);
    const parts = bed.admission_id ? [this.#head, this.#admission.element] : [this.#head];
    if (this.element.children.length !== parts.length || parts.some((part) => part.parentElement !== this.element))
      fill(this.element, parts);
    if (!bed.admission_id && this.#admission.id) this.#admission.clear();
  }

  #draw(bed, room, overdue) {
    const app = this.#app;
    const held = this.#head.contains(document.activeElement);
    const able = app.can("clerk", "clinician", "admin", "integration");
    const steps = (STEPS[bed.state] ?? []).filter(([, , , , role]) => !role || app.can(role));
    const reserved = bed.state === "unoccupied" && able;
    fill(
      this.#head,
      el("h2", { tabindex: -1 }, app.say("bed_named", { name: `\u2068${bed.label}\u2069` })),
      el("p", {}, this.#speech.details(bed.admission_id ? { ...bed, ...NOBODY } : bed, room, Date.now(), overdue)),
      bed.reserved_until ? el("p", {}, app.say("reserved_until", { time: app.time.moment(bed.reserved_until) })) : null,
      able
        ? el(
            "div",
            { class: "choice" },
            steps.map(([word, path, key, why], place) =>
              button(app, word, (at) => this.#step(bed, word, path, why, at), { key, kind: place ? "" : "main" }),
            ),
            reserved ? button(app, "reserve_bed", (at) => this.#reserve(bed, at), { key: "v" }) : null,
            app.can("admin") && CLOSABLE.has(bed.state)
              ? button(app, "close_bed", (at) => this.#step(bed, "close_bed", "close", true, at), { kind: "danger" })
              : null,
          )
        : null,
    );
    if (held) this.#head.querySelector("h2").focus();
  }

  async #step(bed, word, path, why, at) {
    const app = this.#app;
    const said = why ? await confirm(app, { title: app.say(word), word, reason: "needed" }) : { reason: "" };
    if (!said) return;
    const what = app.say(word);
    const answer = await app.act((once) => app.send("POST", `/beds/${bed.id}/${path}/`, said.reason ? { reason: said.reason } : {}, once), {
      at,
      what,
      done: ({ body }) => app.say("bed_is_now", { name: `\u2068${bed.label}\u2069`, state: this.#speech.state(body.state) }),
    });
    if (answer) this.#changed();
  }

  async #reserve(bed, at) {
    const app = this.#app;
    const finder = new PatientFinder(app);
    const patient = await dialog(app.say("reserve_bed"), (close) =>
      el(
        "form",
        {
          onSubmit: (event) => {
            event.preventDefault();
            if (finder.chosen) close(finder.chosen);
            else finder.missing();
          },
        },
        finder.element,
        el(
          "p",
          { class: "choice" },
          el("button", { type: "submit", class: "main" }, app.say("reserve_bed")),
          button(app, "never_mind", () => close(null)),
        ),
      ),
    );
    if (!patient) return;
    const answer = await app.act((once) => app.send("POST", `/beds/${bed.id}/reserve/`, { patient_id: patient.id }, once), {
      at,
      what: app.say("reserve_bed"),
      done: ({ body }) => app.say("reserved_until", { time: app.time.moment(body.reserved_until) }),
    });
    if (answer) this.#changed();
  }
}
