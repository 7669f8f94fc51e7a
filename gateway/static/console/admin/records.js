// A list of things that a hospital keeps (doctors, rooms, staff …), and a form for the one that is chosen or a new one.
// Knows how such things are listed, made, changed and retired; what they are, each view says.

import { forget } from "../directory.js";
import { confirm } from "../dialog.js";
import { el, fill, sheet } from "../dom.js";
import { Form } from "../form.js";
import { List } from "../list.js";
import { button, heading } from "../parts.js";
import { address } from "../router.js";
import { Shape, grouped, schemas } from "./schema.js";

const MOST = 5_000;
const SEARCHED_FROM = 8; // rows, from which on it helps to look for one by its name

export class Records {
  #app;
  #said;
  #all = null;
  #items = [];
  #list;
  #panel = el("section", { class: "panel", "aria-live": "off" });
  #search;
  #turn = 0; // of forms
  #asked = 0; // of lists

  // {view, word, one, path, query, add, change, retire, title(item), about(item) → children, choices() → {…}, omit, before,
  // extra(records, form) → {element, set(item), values()} | null, more(item, records) → children, key(item), fresh() → values}.
  constructor(app, said) {
    this.#app = app;
    this.#said = { query: {}, omit: [], choices: async () => ({}), about: () => [], more: () => [], key: (item) => item.id, fresh: () => ({}), ...said };
    this.#list = new List({
      label: app.say(said.word),
      keyOf: this.#said.key,
      row: (item) => [el("strong", { class: "grow" }, el("bdi", {}, this.#said.title(item))), el("span", { class: "faint" }, this.#said.about(item))],
      onChoose: (item) => item && this.show(item),
      onOpen: () => this.#panel.querySelector("input, select, textarea")?.focus(),
      empty: app.say("none_yet"),
    });
    this.#search = el("input", { type: "search", "aria-label": app.say("look_for"), placeholder: app.say("look_for"), onInput: () => this.#filter(), dataset: { key: "/" } });
  }

  // Builds the view; what ends it is given.
  async open(host, params, ...tools) {
    const app = this.#app;
    await sheet("/static/console/admin/admin.css");
    this.#all = await schemas();
    await this.refresh();
    fill(host,
      heading(app.say(this.#said.word), ...tools, button(app, "new_one", () => this.fresh(), { key: "n", kind: "main" })),
      el("div", { class: "columns" }, el("div", { class: "kept" }, this.#search, this.#list.element), this.#panel));
    const named = this.#items.find((item) => this.#said.key(item) === params.id);
    if (named) this.#list.choose(params.id, { show: true });
    else if (this.#items.length === 0) await this.fresh();
    else fill(this.#panel, el("p", { class: "empty" }, app.say("choose_one")));
  }

  get items() {
    return this.#items;
  }

  async refresh(key = null) {
    const asked = (this.#asked += 1);
    const items = await this.#app.all(this.#said.path, this.#said.query, MOST);
    if (asked !== this.#asked) return;
    this.#items = items;
    this.#items.sort((one, other) => this.#said.title(one).localeCompare(this.#said.title(other), this.#app.language.code));
    this.#search.hidden = this.#items.length < SEARCHED_FROM;
    this.#filter();
    if (key === null) return;
    const item = this.#items.find((one) => this.#said.key(one) === key);
    if (this.#list.chosen && this.#said.key(this.#list.chosen) === key) this.show(item, { again: true });
    else this.#list.choose(key, { show: true });
  }

  // The same list of something else: another clinic, say.
  async ask(query) {
    this.#said.query = query;
    this.#list.choose(null);
    await this.refresh();
    fill(this.#panel, el("p", { class: "empty" }, this.#app.say(this.#items.length ? "choose_one" : "none_yet")));
  }

  #filter() {
    const wanted = this.#search.value.trim().toLocaleLowerCase();
    const named = (item) => this.#said.title(item).toLocaleLowerCase().includes(wanted);
    this.#list.set(this.#search.hidden || !wanted ? this.#items : this.#items.filter(named));
  }

  async fresh() {
    this.#list.choose(null);
    history.replaceState(null, "", address("admin", this.#said.view));
    const form = await this.#form(null);
    if (!form) return;
    if (this.#panel.isConnected) form.focus();
    else form.element.querySelector("input, select").setAttribute("autofocus", ""); // the shell's to focus
  }

  async show(item, { again = false } = {}) {
    if (!again) history.replaceState(null, "", address("admin", this.#said.view, this.#said.key(item)));
    const focused = again && this.#panel.contains(document.activeElement);
    await this.#form(item);
    if (focused) this.#panel.querySelector("h2").focus();
  }

  async #form(item) {
    const turn = (this.#turn += 1);
    const said = this.#said;
    const app = this.#app;
    const name = item ? said.change : said.add;
    const choices = await said.choices(item);
    if (turn !== this.#turn) return null;
    const shape = new Shape(app, this.#all, name, { choices, omit: said.omit });
    const extra = said.extra?.(item) ?? null;
    const form = new Form(app, {
      classes: "many",
      fields: shape.fields,
      submit: item ? "save" : said.one,
      act: (values, how) => this.#save(item, shape, values, extra, how),
      more: item && said.retire ? [button(app, said.retire, (at) => this.#retire(item, at), { kind: "danger" })] : [],
    });
    grouped(el, form, shape);
    if (extra) form.element.lastElementChild.before(extra.element);
    form.set(shape.values(item ? (said.before?.(item) ?? item) : said.fresh()));
    extra?.set(item);
    fill(this.#panel, el("h2", { tabindex: -1 }, item ? el("bdi", {}, said.title(item)) : app.say(said.one)), form.element, item ? said.more(item, this) : null);
    return form;
  }

  async #save(item, shape, values, extra, how) {
    const said = this.#said;
    const app = this.#app;
    const known = this.#all[item ? said.change : said.add].properties;
    const kept = item && Object.fromEntries(Object.entries(said.before?.(item) ?? item).filter(([name]) => name in known));
    const body = shape.body(values, kept);
    extra?.put(body);
    const path = item ? `${said.path}${encodeURIComponent(said.key(item))}/` : said.path;
    const sent = (once) => app.send(item ? "PUT" : "POST", path, body, item?.version ? { ...once, version: item.version } : once);
    const name = said.title({ ...item, ...body });
    const answer = await app.act(sent, { ...how, what: name, done: ({ body: made }) => app.say(item ? "changed" : "added", { name: said.title(made ?? { ...item, ...body }) }) });
    if (!answer) return;
    forget();
    const gone = !how.form.element.isConnected; // on to another one
    await this.refresh(gone ? null : said.key(answer.body ?? item));
  }

  async #retire(item, at) {
    const said = this.#said;
    const app = this.#app;
    const sure = await confirm(app, { title: app.say(said.retire), text: said.title(item), word: said.retire, danger: true });
    if (!sure) return;
    const path = `${said.path}${encodeURIComponent(said.key(item))}/`;
    const answer = await app.act((once) => app.send("DELETE", path, null, item.version ? { ...once, version: item.version } : once), {
      at, what: said.title(item), done: () => app.say("retired", { name: said.title(item) }),
    });
    if (!answer) return;
    forget();
    await this.refresh();
    fill(this.#panel, el("p", { class: "empty" }, app.say(this.#items.length ? "choose_one" : "none_yet")));
    this.#list.focus();
  }
}
