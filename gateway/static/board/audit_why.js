// Draws one entry, why it was decided so, and why one row stood before another. Knows elements and words.

import { plain, shortened } from "./audit_lists.js";
import { write } from "./audit_view.js";
import { keyed } from "./day_keyed.js";
import { put } from "./words.js";

const MICROSECONDS = 1e14; // no number of the log that is no time is as large

export class AuditWhy {
  #parts;
  #language;

  constructor(parts, language) {
    this.#parts = parts;
    this.#language = language;
  }

  // `decision`: an entry whole, or null.
  drawEntry(decision, clock) {
    const { entry: article, hint, compared } = this.#parts;
    article.hidden = !decision;
    hint.hidden = Boolean(decision) || !compared.hidden;
    if (!decision) return;
    const { entry } = decision;
    const title = this.#language.say("audit_entry", { position: String(entry.position) });
    put(this.#parts["entry-title"], `${title} · ${entry.command}`, this.#language);
    const who = [entry.who, entry.role && `(${entry.role})`, decision.source].filter(Boolean).join(" ");
    write(this.#parts["entry-who"], `${clock.exact(new Date(entry.time))} · ${who}`);
    this.#drawRefusal(entry.refusal);
    const lines = decision.lines.length ? decision.lines : [decision.unexplained].filter(Boolean);
    keyed(this.#parts["entry-lines"], this.#parts.line, numbered(lines), ({ key }) => key, (item, { value }) => write(item, value));
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
    put(this.#parts["happened-title"], `${title} · ${entries.length}`, this.#language);
    keyed(this.#parts.entries, this.#parts.happening, entries, ({ position }) => String(position), (item, entry) => {
      const button = item.firstElementChild;
      button.dataset.position = String(entry.position);
      if (entry.position === current) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
      item.toggleAttribute("data-ahead", entry.position > current);
      item.toggleAttribute("data-refused", Boolean(entry.refusal));
      write(item.querySelector(".when"), clock.exact(entry.time));
      write(item.querySelector(".what"), entry.refusal ? `${entry.command} ✕ ${plain(entry.refusal.code)}` : entry.command);
      write(item.querySelector(".who"), entry.who);
    });
  }
}

function numbered(values) {
  return values.map((value, place) => ({ key: String(place), value }));
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
