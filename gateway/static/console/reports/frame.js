// What every report has: the days and whatever else is asked for, above; the figures or why there are none, below; and
// the same as a file. Knows how a report is asked for and shown; not what is in it.

import { later } from "/static/board/day_time.js";
import { el, fill, freshId, say, sheet } from "../dom.js";
import { download } from "./csv.js";
import { LONGEST, between, count, isDay } from "./days.js";

const AT_ONCE = 4; // questions under way: a report must not crowd out whoever works
const PRESETS = [
  ["preset_today", 0, 0],
  ["preset_yesterday", 1, 1],
  ["preset_week", 6, 0],
  ["preset_month", 29, 0],
];

export class Report {
  #app;
  #part;
  #status;
  #body;
  #file;
  #fields;
  #asked = null; // the AbortController of the question under way
  #table = null;

  static async open(...given) {
    await sheet("/static/console/reports/reports.css");
    return new Report(...given);
  }

  // `choices`: selects beside the days, [{name, word, options: [{id, name}], all}]; `ask({from, to, ...}, told, signal)`
  // gives what `draw(found, asked)` makes elements of and `file(found, asked)` a name and a text; without `days` it is of
  // now. `told(done, of)`: how far it is.
  constructor(app, host, { query }, { title, hint = "", days = true, choices = [], ask, draw, file }) {
    this.#app = app;
    this.#part = { ask, draw, file };
    const today = app.time.today();
    const dated = (name, value) => field(app.say(name), el("input", { type: "date", name, required: true, max: today, value }));
    const from = isDay(query.get("from")) ? query.get("from") : later(today, -6);
    const to = isDay(query.get("to")) ? query.get("to") : today;
    this.#status = el("p", { class: "report-status", role: "status" });
    this.#body = el("div", { class: "report-body" });
    this.#file = el(
      "button",
      { type: "button", disabled: true, dataset: { key: "d" }, onClick: () => this.#save() },
      app.say("download_csv"),
      el("kbd", {}, "D"),
    );
    this.#fields = el(
      "form",
      { class: "report-asked", onSubmit: (event) => this.#submit(event) },
      days ? [dated("from_day", from), dated("to_day", to)] : null,
      choices.map((choice) => field(app.say(choice.word), this.#select(choice, query.get(choice.name) ?? ""))),
      el("button", { type: "submit", class: "main" }, app.say(days ? "show_report" : "look_again")),
      this.#file,
      days
        ? el(
            "div",
            { class: "report-presets", role: "group", aria: { label: app.say("presets") } },
            PRESETS.map(([word, back, until]) =>
              el(
                "button",
                { type: "button", class: "plain", onClick: () => this.#preset(later(today, -back), later(today, -until)) },
                app.say(word),
              ),
            ),
          )
        : null,
    );
    host.append(
      el(
        "section",
        { class: "report" },
        el("h1", { tabindex: -1 }, title),
        hint ? el("p", { class: "report-hint" }, hint) : null,
        this.#fields,
        this.#status,
        this.#body,
      ),
    );
  }

  // Asks for what stands in the fields.
  async show() {
    const { ask, draw } = this.#part;
    const asked = Object.fromEntries(new FormData(this.#fields));
    if (asked.from_day !== undefined) {
      Object.assign(asked, { from: asked.from_day, to: asked.to_day });
      const wrong = asked.to < asked.from ? "wrong_way_round" : count(asked.from, asked.to) > LONGEST ? "too_many_days" : "";
      if (wrong) return this.#tell(this.#app.say(wrong, { count: LONGEST }), "failed");
    }
    this.#asked?.abort();
    const mine = (this.#asked = new AbortController());
    this.#file.disabled = true;
    this.#tell(this.#app.say("gathering"), "busy");
    try {
      const told = (done, of) => of > 1 && this.#tell(this.#app.say("gathering_days", { done, of }), "busy");
      const found = await ask(asked, told, mine.signal);
      if (mine !== this.#asked) return;
      this.#remember(asked);
      fill(this.#body, draw(found, asked));
      this.#table = () => this.#part.file?.(found, asked) ?? null;
      this.#file.disabled = !this.#part.file;
      this.#tell(this.#app.say("as_of", { time: this.#app.time.clock(Date.now()) }), "done");
    } catch (error) {
      if (mine !== this.#asked || mine.signal.aborted) return;
      fill(this.#body);
      this.#tell(this.#app.why(error), "failed");
    }
  }

  close() {
    this.#asked?.abort();
    this.#asked = null;
  }

  // The address says what is shown, so that it can be kept and sent on.
  #remember({ from_day, to_day, ...asked }) {
    const said = new URLSearchParams(Object.entries(asked).filter(([, value]) => value !== ""));
    history.replaceState(history.state, "", `${location.pathname}${said.size ? `?${said}` : ""}`);
  }

  #tell(text, kind) {
    this.#status.dataset.kind = kind;
    say(this.#status, text);
    this.#body.setAttribute("aria-busy", String(kind === "busy"));
  }

  #preset(from, to) {
    this.#fields.elements.from_day.value = from;
    this.#fields.elements.to_day.value = to;
    this.show();
  }

  #submit(event) {
    event.preventDefault();
    this.show();
  }

  #save() {
    const file = this.#table?.();
    if (file) download(file.name, file.text);
  }

  #select({ name, options, all }, chosen) {
    const select = el(
      "select",
      { name },
      all ? el("option", { value: "" }, this.#app.say(all)) : null,
      options.map((one) => el("option", { value: one.id }, one.name)),
    );
    if (options.some((one) => one.id === chosen)) select.value = chosen;
    return select;
  }
}

// One question for each day, some at a time, in the order of the days.
export async function dayByDay({ from, to }, question, told, signal) {
  const days = between(from, to);
  const found = new Array(days.length);
  let next = 0;
  let done = 0;
  const work = async () => {
    while (next < days.length && !signal.aborted) {
      const place = next++;
      found[place] = await question(days[place]);
      told((done += 1), days.length);
    }
  };
  told(0, days.length);
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, days.length) }, work));
  return found;
}

function field(word, input) {
  input.id = freshId("asked");
  return el("div", { class: "field" }, el("label", { for: input.id }, word), input);
}
