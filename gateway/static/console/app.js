// What a view is given: who works here, the words and times of the hospital, ways to ask, to act, to follow and to go.

import { Api, Refusal, newKey } from "./api.js";
import { Connection } from "./connection.js";
import { el } from "./dom.js";
import { Outcome } from "./outcome.js";
import { Pending } from "./pending.js";
import { Router, address } from "./router.js";
import { HospitalTime } from "./time.js";

const KEY = "matron-key"; // of the tab; the boards' staff door keeps it under the same name
const HOSPITAL = "matron-hospital";
const LOOK_AS = "matron-look-as";
const BROKEN = "matron-break-glass";
const BROKEN_FOR = 1_800_000; // ms
const WHOLE_NETWORK = "*";
const IDLE = 600_000; // ms without a key or a touch: from then on nothing is asked by itself, so that sessions may lapse

export class App {
  session = null;
  language = null;
  time = new HospitalTime("en", "UTC");
  connection = new Connection();
  pending = new Pending();
  router = new Router();
  outcome = new Outcome(() => this.language);
  signIn = async () => false; // the door's, once it is there, and so are these
  look = async () => {};
  leave = async () => {};
  #live = null;
  #touched = Date.now();

  constructor() {
    const touched = () => (this.#touched = Date.now());
    for (const kind of ["keydown", "pointerdown"]) document.addEventListener(kind, touched, { capture: true, passive: true });
    this.api = new Api(this.connection, this.pending, {
      headers: (writes) => this.#headers(writes),
      signIn: () => this.signIn(),
      who: () => ({ who: this.session?.name ?? "", hospital: this.hospital }),
    });
  }

  // -- who works here --

  get key() {
    return sessionStorage.getItem(KEY);
  }

  set key(key) {
    if (key) sessionStorage.setItem(KEY, key);
    else sessionStorage.removeItem(KEY);
  }

  get hospital() {
    const own = this.session?.hospital ?? "";
    if (own && own !== WHOLE_NETWORK && this.session.kind === "session") return own;
    return sessionStorage.getItem(HOSPITAL) ?? (own === WHOLE_NETWORK ? "" : own);
  }

  set hospital(id) {
    sessionStorage.setItem(HOSPITAL, id);
  }

  // With --dev, whose view of it is shown.
  get lookAs() {
    return this.session?.kind === "dev" ? (sessionStorage.getItem(LOOK_AS) ?? "") : "";
  }

  set lookAs(role) {
    sessionStorage.setItem(LOOK_AS, role);
  }

  get roles() {
    if (this.lookAs) return new Set([this.lookAs]);
    const held = new Set(this.session?.roles ?? []);
    const opened = this.brokenGlass && ["clerk", "clinician", "admin", "auditor"].some((role) => held.has(role));
    return opened ? new Set([...held, "clerk", "clinician"]) : held;
  }

  // Whether somebody is at work before this page, and may be shown what costs a question.
  get busy() {
    return document.visibilityState === "visible" && Date.now() - this.#touched < IDLE;
  }

  // Whether one of these roles is held.
  can(...roles) {
    return this.roles.has("network") || roles.some((role) => this.roles.has(role));
  }

  // The reason for which the glass is broken: {reason, until}, or null.
  get brokenGlass() {
    const found = JSON.parse(sessionStorage.getItem(BROKEN) ?? "null");
    return found && found.until > Date.now() ? found : null;
  }

  breakGlass(reason) {
    if (reason) sessionStorage.setItem(BROKEN, JSON.stringify({ reason, until: Date.now() + BROKEN_FOR }));
    else sessionStorage.removeItem(BROKEN);
  }

  #headers(writes) {
    const said = { Accept: "application/json" };
    const broken = this.brokenGlass;
    // What a header cannot carry is no key either.
    if (this.key) said.Authorization = `Bearer ${/^[\x21-\x7e]+$/.test(this.key) ? this.key : "unreadable"}`;
    if (this.hospital) said["Hospital-Id"] = this.hospital;
    if (writes && this.session?.csrf) said["X-CSRF-Token"] = this.session.csrf;
    if (broken) said["Break-Glass"] = encodeURIComponent(broken.reason);
    return said;
  }

  // -- words and times --

  say(key, values) {
    return this.language.say(key, values);
  }

  // What went wrong, as a sentence: in the language of the page where the code is known, else as the server says it.
  why(error) {
    if (!(error instanceof Refusal)) return this.say("went_wrong");
    const word = `refused_${error.code}`;
    return this.language.knows(word) ? this.say(word, { detail: error.detail, ...error.facts }) : error.detail || error.code;
  }

  // "10–15 min" of {low, high}.
  wait(range) {
    return range ? this.say("minutes", { range: this.language.range(range) }) : "";
  }

  // -- asking, acting, following --

  get(path, params, how) {
    return this.api.get(path, params, how);
  }

  all(path, params, most) {
    return this.api.all(path, params, most);
  }

  send(method, path, body, how) {
    return this.api.send(method, path, body, how);
  }

  // One action of a person. `run(once)` sends with {...once}: the key is made here, once. `done(answer)`: the sentence
  // that says it is done, or {text, undo}; `undo` takes it back. `at`: the button, which waits meanwhile. A `form` shows
  // what is wrong where it is wrong. Gives the answer, or null when it was refused, which has been said by then.
  async act(run, { done = null, at = null, form = null, what = "" } = {}) {
    if (at?.getAttribute("aria-busy") === "true") return null;
    at?.setAttribute("aria-busy", "true");
    try {
      const answer = await run({ key: newKey(), what });
      const told = done?.(answer);
      const { text = told, undo = null } = told && typeof told === "object" ? told : {};
      if (text) this.outcome.said(text, undo && this.#undoing(undo));
      return answer;
    } catch (error) {
      if (!(error instanceof Refusal)) console.error(error);
      const text = this.why(error);
      if (!form?.fail(error, text)) this.outcome.failed(text);
      return null;
    } finally {
      at?.removeAttribute("aria-busy");
    }
  }

  #undoing({ text, run }) {
    const onClick = () => {
      this.outcome.close();
      run();
    };
    return el("button", { type: "button", onClick, dataset: { key: "z" } }, text, el("kbd", {}, "Z"));
  }

  // Follows topics until what it gives is called: see live.js.
  follow(topics, listener) {
    const ended = { yes: false, stop: () => {} };
    this.#following().then((live) => {
      if (ended.yes) return;
      const stale = (yes) => {
        if (yes) this.look(); // the session may have ended: then somebody has to sign in again
        listener.stale?.(yes);
      };
      const snapshot = (topic, data) => listener.snapshot(topic, data);
      const messages = (list) => listener.messages(list);
      ended.stop = live.follow(topics, { snapshot, messages, stale });
    });
    return () => {
      ended.yes = true;
      ended.stop();
    };
  }

  async #following() {
    if (!this.#live) {
      const { Live } = await import("./live.js");
      const who = () => ({
        key: this.key,
        hospital: this.hospital,
        headers: this.#headers(false),
        said: this.brokenGlass !== null,
      });
      this.#live ??= new Live(this.connection, who);
    }
    return this.#live;
  }

  // -- going --

  // go("desk", "queue", id): to a view.
  go(...parts) {
    this.router.go(address(...parts));
  }

  link(text, ...parts) {
    return el("a", { href: address(...parts) }, text);
  }
}

export { Refusal, address };
