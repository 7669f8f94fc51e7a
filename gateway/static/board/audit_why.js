// Draws one entry, why it was decided so, and why one row stood before another. Knows elements and words.

import { plain, shortened } from "./audit_lists.js";
import { write } from "./audit_view.js";
import { keyed } from "./day_keyed.js";
import { put } from "./words.js";

const MICROSECONDS = 1e14; // no number of the log that is no time is as large

export class AuditWhy {
  #parts;
  #language;
  #told = undefined; // what is drawn already: a slider moves more often than that changes
  #listed = {};

  constructor(parts, language) {
    this.#parts = parts;
    this.#language = language;
  }

  // `decision`: an entry whole, or null.
  drawEntry(decision, clock) {
    const { entry: article, hint, compared } = this.#parts;
    article.hidden = !decision;
    hint.hidden = Boolean(decision) || !compared.hidden;
    if (this.#told === decision) return;
    this.#told = decision;
    if (!decision) return;
    const { entry } = decision;
    const title = this.#language.say("audit_entry", { position: String(entry.position) });
    put(this.#parts["entry-title"], `${title} · ${entry.command}`, this.#language);
    const who = [entry.who, entry.role && `(${entry.role})`, decision.source].filter(Boolean).join(" ");
    write(this.#parts["entry-who"], `${clock.exact(new Date(entry.time))} · ${who}`);
    this.#drawRefusal(entry.refusal);
    this.#drawReasons(decision, clock);
    this.#drawPairs(this.#parts["entry-arguments"], decision.arguments ?? {}, clock);
    const events = decision.changes.flatMap(({ actor, events: those }) => those.map((event) => ({ actor, event })));
    keyed(this.#parts["entry-events"], this.#parts.event, numbered(events), ({ key }) => key, (item, { value }) => {
      const { type, ...rest } = value.event;
      write(item.querySelector(".name"), type);
      write(item.querySelector(".actor"), shortenedKey(value.actor));
      this.#drawPairs(item.querySelector("dl"), rest, clock);
    });
    keyed(this.#parts["entry-patients"], this.#parts.patient, decision.patients, (id) => id, (item, id) => {
      const button = item.firstElementChild;
      button.dataset.patient = id;
      button.title = id;
      put(button, this.#language.say("audit_history", { name: shortened(id) }), this.#language);
    });
  }

  // What the decision met, looked at and held to: taken again over the states as they were.
  #drawReasons({ explanation, unexplained }, clock) {
    const language = this.#language;
    const why = unexplained || explanation?.unreadable;
    const judged = why
      ? language.say("audit_unjudged", { why })
      : explanation?.same === false
        ? `${language.say("audit_otherwise")} ${(explanation.differences ?? []).join("; ")}`
        : language.say("audit_same");
    put(this.#parts["entry-judged"], judged, language);
    this.#parts["entry-judged"].toggleAttribute("data-fault", explanation?.same === false && !why);
    const sections = numbered([...told(explanation?.refusal, clock), ...(explanation?.sections ?? [])]);
    keyed(this.#parts["entry-sections"], this.#parts.section, sections, ({ key }) => key, (item, { value }) => this.#drawSection(item, value, clock));
    const rules = explanation?.rules ?? [];
    this.#parts["rules-box"].hidden = rules.length === 0;
    keyed(this.#parts["entry-rules"], this.#parts.rule, numbered(rules), ({ key }) => key, (item, { value }) => {
      write(item.querySelector("b"), value.rule);
      write(item.querySelector("span"), value.text);
      write(item.querySelector(".book"), value.book.replace(/^engine\./, ""));
    });
    const met = explanation?.met ?? [];
    this.#parts["met-box"].hidden = met.length === 0;
    keyed(this.#parts["entry-met"], this.#parts.event, met, ({ actor }) => actor, (item, { actor, version, facts }) => {
      write(item.querySelector(".name"), shortenedKey(actor));
      write(item.querySelector(".actor"), version ? `v${version}` : "–");
      this.#drawPairs(item.querySelector("dl"), facts ?? {}, clock);
    });
  }

  #drawSection(item, section, clock) {
    write(item.querySelector("h4"), section.title);
    keyed(item.querySelector(".said"), this.#parts.line, numbered(section.said ?? []), ({ key }) => key, (line, { value }) => write(line, value));
    const candidates = numbered(section.candidates ?? []);
    keyed(item.querySelector(".candidates"), this.#parts.candidate, candidates, ({ key }) => key, (line, { value }) => {
      line.toggleAttribute("data-chosen", Boolean(value.chosen));
      write(line.querySelector(".name"), value.name || shortened(value.id));
      write(line.querySelector(".score"), value.score === undefined ? "" : String(value.score));
      const points = Object.entries(value.points ?? {}).map(([rule, count]) => `${rule} ${count > 0 ? "+" : ""}${count}`);
      const facts = Object.entries(value.facts ?? {}).map(([name, one]) => `${plain(name)} ${shown(one, clock)}`);
      write(line.querySelector(".facts"), [...facts, ...points].join(" · "));
      write(line.querySelector(".against"), (value.why_not ?? []).map((one) => `✕ ${one}`).join("\n"));
    });
    const more = item.querySelector(".more");
    more.hidden = !section.more;
    write(more, `+${section.more}`);
  }

  #drawRefusal(refusal) {
    const element = this.#parts["entry-refusal"];
    element.hidden = !refusal;
    if (!refusal) return;
    const said = refusal.rule
      ? this.#language.say("audit_refused_rule", { code: plain(refusal.code), rule: refusal.rule })
      : this.#language.say("audit_refused", { code: plain(refusal.code) });
    put(element, said, this.#language);
  }

  #drawPairs(list, values, clock) {
    const pairs = Object.entries(values).map(([key, value]) => ({ key, value: shown(value, clock) }));
    keyed(list, this.#parts.pair, pairs, ({ key }) => key, (item, { key, value }) => {
      write(item.querySelector("dt"), key.replaceAll("_", " "));
      write(item.querySelector("bdi"), value);
    });
  }

  // `found`: what AuditLists.compared says.
  drawCompared(found, clock) {
    const { compared, hint, entry } = this.#parts;
    compared.hidden = !found;
    hint.hidden = Boolean(found) || !entry.hidden;
    if (!found) return;
    const { first, second, by } = found;
    const language = this.#language;
    put(this.#parts.verdict, language.say("audit_compare", { first: first.code, second: second.code }), language);
    const since = (row) => clock.exact(new Date(row.order[1] / 1_000));
    const because = {
      list: () => language.say("audit_because_list"),
      over: () => language.say("audit_because_over"),
      ended: () => language.say("audit_because_ended"),
      called: () => language.say("audit_because_called"),
      rank: () => language.say("audit_because_rank", { first: first.tier, second: second.tier }),
      time: () => language.say("audit_because_time", { first: this.#since(first, since), second: this.#since(second, since) }),
    }[by];
    put(this.#parts.because, because ? because() : language.say("audit_because_sequence"), language);
  }

  #since(row, since) {
    return row.order.length > 1 ? since(row) : row.code;
  }

  // The entries about what is looked at, or about a patient; `current` is the last one up to the moment.
  drawHappened(title, entries, current, clock) {
    this.#parts.happened.hidden = entries.length === 0;
    const { entries: those, current: before } = this.#listed;
    this.#listed = { entries, current };
    if (those === entries) return before === current ? undefined : this.#turnTo(entries, current);
    put(this.#parts["happened-title"], `${title} · ${entries.length}`, this.#language);
    keyed(this.#parts.entries, this.#parts.happening, entries, ({ position }) => String(position), (item, entry) => {
      const button = item.firstElementChild;
      button.dataset.position = String(entry.position);
      item.toggleAttribute("data-refused", Boolean(entry.refusal));
      write(item.querySelector(".when"), clock.exact(entry.time));
      write(item.querySelector(".what"), entry.refusal ? `${entry.command} ✕ ${plain(entry.refusal.code)}` : entry.command);
      write(item.querySelector(".who"), entry.who);
    });
    this.#turnTo(entries, current);
  }

  // What is behind the moment, what is ahead of it, and the last one up to it.
  #turnTo(entries, current) {
    const items = this.#parts.entries.children;
    for (const [place, { position }] of entries.entries()) {
      const item = items[place];
      item.toggleAttribute("data-ahead", position > current);
      if (position === current) item.firstElementChild.setAttribute("aria-current", "true");
      else if (item.firstElementChild.hasAttribute("aria-current")) item.firstElementChild.removeAttribute("aria-current");
    }
  }
}

function numbered(values) {
  return values.map((value, place) => ({ key: String(place), value }));
}

// A refusal as a section: what it means, its rule, and what that compared.
function told(refusal, clock) {
  if (!refusal) return [];
  const facts = Object.entries(refusal.facts ?? {}).map(([name, value]) => `${plain(name)}: ${shown(value, clock)}`);
  const rule = refusal.text ? [`${refusal.rule} ${refusal.text}`] : [];
  return [{ title: refusal.detail || refusal.meaning || refusal.code, said: [...rule, ...facts] }];
}

function shortenedKey(actor) {
  const [kind, id = "", ...rest] = actor.split(":");
  return [kind, id.length === 36 ? shortened(id) : id, ...rest].filter(Boolean).join(" ");
}

function shown(value, clock) {
  if (typeof value === "number" && value > MICROSECONDS) return clock.exact(new Date(value / 1_000));
  if (value?.sealed === true) return "▒▒▒";
  if (value === null || typeof value !== "object") return String(value);
  if (Array.isArray(value)) return value.length ? value.map((one) => shown(one, clock)).join(", ") : "–";
  return Object.entries(value).map(([name, one]) => `${name} ${shown(one, clock)}`).join(", ") || "–";
}
