// The hospital's policy: every rule that can be set, with its usual value beside it; what differs is marked. Saved whole,
// and only if nobody has changed it meanwhile.

import { el, fill, sheet } from "../dom.js";
import { Form } from "../form.js";
import { button, heading } from "../parts.js";
import { Shape, grouped, schemas } from "./schema.js";
import { TIERS } from "./templates.js";

export default {
  async open(app, host) {
    await sheet("/static/console/admin/admin.css");
    const view = new PolicyView(app, await schemas());
    host.append(view.element);
    await view.ask();
  },
};

class PolicyView {
  #app;
  #all;
  #policy = null;
  #place = el("div", {});
  #count = el("p", { class: "hint", role: "status" });

  constructor(app, all) {
    this.#app = app;
    this.#all = all;
    this.element = el("div", {}, heading(app.say("policy")), el("section", { class: "panel" }, el("p", { class: "hint" }, app.say("policy_hint")), this.#count, this.#place));
  }

  async ask() {
    this.#draw(await this.#app.get("/policy/"));
  }

  #draw(policy) {
    const app = this.#app;
    this.#policy = policy;
    const shape = new Shape(app, this.#all, "ChangePolicy", { choices: { "max_wait_minutes.keys": TIERS } });
    const form = new Form(app, {
      classes: "many",
      fields: shape.fields,
      submit: "save",
      act: (values, how) => this.#save(shape, values, how),
      more: [button(app, "as_it_was", () => this.ask())],
    });
    grouped(el, form, shape);
    for (const set of form.element.querySelectorAll("fieldset")) form.element.lastElementChild.before(set);
    form.set(shape.values(this.#policy));
    for (const [name, usual] of shape.defaults) this.#usual(form, shape, name, usual);
    const mark = () => this.#mark(form, shape);
    form.element.addEventListener("input", mark);
    fill(this.#place, form.element);
    mark();
  }

  #usual(form, shape, name, usual) {
    const said = usual === null ? this.#app.say("no_limit") : Array.isArray(usual) ? usual.map((one) => shape.says(one)).join(", ") || "–" : typeof usual === "object" ? "–" : shape.says(usual);
    const value = typeof usual === "boolean" ? this.#app.say(usual ? "on" : "off") : said;
    part(form, shape, name).append(el("p", { class: "usual" }, this.#app.say("usually", { value })));
  }

  #mark(form, shape) {
    const body = shape.body(form.values());
    let count = 0;
    for (const [name, usual] of shape.defaults) {
      const differs = JSON.stringify(sorted(body[name] ?? usual)) !== JSON.stringify(sorted(usual));
      part(form, shape, name).classList.toggle("differs", differs);
      count += differs ? 1 : 0;
    }
    fill(this.#count, this.#app.say("policies_differ", { count }));
  }

  async #save(shape, values, how) {
    const app = this.#app;
    const answer = await app.act((once) => app.send("PUT", "/policy/", shape.body(values), { ...once, version: this.#policy.version }), {
      ...how, what: app.say("policy"), done: () => app.say("policy_saved"),
    });
    if (!answer) return;
    this.#draw(answer.body); // at once: what is typed after it stays
    this.#place.querySelector("button[type=submit]").focus();
  }
}

// Where a policy stands on the page: its field, or the fields that belong together.
function part(form, shape, name) {
  const group = shape.groups.get(name);
  return group ? form.input(group.names[0]).closest("fieldset") : form.input(name).closest(".field");
}

function sorted(value) {
  return Array.isArray(value) ? [...value].sort() : value;
}
