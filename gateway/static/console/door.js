// The way in: who is here already, signing in with a password, by an identity provider, or with a key for this tab.

import { BASE, Refusal } from "./api.js";
import { dialog } from "./dialog.js";
import { el, fill, freshId } from "./dom.js";

const UNKNOWN = 401;
const NO_WAYS = { password: false, oidc: null };
const NEXT = "matron-next"; // where somebody wanted to go who is sent to an identity provider, which sends back to /
const FROM_ELSEWHERE = ["unavailable", "failed", "no_access"];

export class Door {
  session = null;
  #app;
  #asking = null;

  constructor(app) {
    this.#app = app;
  }

  // Shows the sign-in in place of the page until somebody is known.
  async pass(root) {
    this.session = await this.#who();
    if (this.session) return this.#arrive();
    const ways = await this.#ways();
    await new Promise((resolve) => {
      const entered = async (session) => {
        this.session = session;
        this.#arrive();
        resolve();
      };
      const main = el("main", { class: "alone" }, el("h1", {}, this.#app.say("sign_in")), this.#forms(ways, entered));
      fill(root, main);
      root.removeAttribute("aria-busy");
      main.querySelector("input")?.focus();
    });
  }

  // A session ended in the middle of something: asks over the view that is open, once for all who want to know. Somebody
  // else gets a page of his own.
  async again() {
    const before = this.#app.session;
    this.#asking ??= this.#ways().then(async (ways) => {
      const { say } = this.#app;
      const title = say.call(this.#app, "sign_in_again");
      const session = await dialog(title, (close) => this.#forms(ways, close));
      this.#asking = null;
      return session;
    });
    const session = await this.#asking;
    if (!session) return false;
    if (session.name !== before?.name || session.hospital !== before?.hospital) {
      location.reload();
      return false;
    }
    this.#app.session = session;
    return true;
  }

  // Whether it is still the same person in the same hospital: another tab may have changed that, or the session's token.
  async look() {
    const { session } = this.#app;
    if (session?.kind !== "session") return;
    let found;
    try {
      found = await this.#who();
    } catch {
      return; // no connection: nothing is known of it
    }
    if (!found) return void this.again();
    if (found.name !== session.name || found.hospital !== session.hospital) location.reload();
    else this.#app.session = found;
  }

  async leave() {
    this.#app.key = null;
    this.#app.breakGlass(null);
    this.#app.pending.clear();
    if (this.#app.session.kind === "session") await this.#ask("DELETE", "/session/").catch(() => {});
    location.assign("/");
  }

  // Back from an identity provider: on to where one wanted to go.
  #arrive() {
    const next = sessionStorage.getItem(NEXT);
    sessionStorage.removeItem(NEXT);
    if (next?.startsWith("/console") && location.pathname === "/") history.replaceState(null, "", next);
  }

  // How a sign-in elsewhere ended, where the address says so; once.
  #fromElsewhere() {
    const here = new URL(location.href);
    const how = here.searchParams.get("sign_in");
    if (!FROM_ELSEWHERE.includes(how)) return "";
    here.searchParams.delete("sign_in");
    history.replaceState(null, "", here);
    return this.#app.say(`elsewhere_${how}`);
  }

  async #who() {
    const answer = await this.#ask("GET", "/session/");
    if (answer.status === UNKNOWN) {
      this.#app.key = null;
      return null;
    }
    if (!answer.ok) throw await refusal(answer);
    return answer.json();
  }

  async #ways() {
    const answer = await this.#ask("GET", "/session/ways/").catch(() => null);
    return answer?.ok ? answer.json() : NO_WAYS;
  }

  #ask(method, path, body = null) {
    const headers = { ...this.#app.api.headers(method !== "GET"), "Content-Type": "application/json" };
    delete headers["Hospital-Id"];
    return fetch(`${BASE}${path}`, { method, headers, body: body && JSON.stringify(body), cache: "no-store" });
  }

  #forms(ways, entered) {
    const app = this.#app;
    const told = el("p", { class: "refused", role: "alert" }, this.#fromElsewhere());
    const parts = [told];
    if (ways.password) parts.push(this.#password(told, entered));
    if (ways.oidc) {
      const onClick = () => sessionStorage.setItem(NEXT, location.pathname);
      const text = app.say("sign_in_with", { label: ways.oidc.label });
      parts.push(el("p", {}, el("a", { class: "button", href: ways.oidc.path, onClick }, text)));
    }
    const key = this.#key(told, entered);
    const open = !ways.password && !ways.oidc;
    parts.push(el("details", { open }, el("summary", {}, app.say("with_key")), key));
    return el("div", { class: "door" }, parts);
  }

  #password(told, entered) {
    const app = this.#app;
    const name = field(app.say("user_name"), { name: "name", autocomplete: "username", required: true, maxlength: 80 });
    const secret = field(app.say("password"), {
      name: "password", type: "password", autocomplete: "current-password", required: true, maxlength: 1_000,
    });
    const onSubmit = async (event) => {
      event.preventDefault();
      const { elements } = event.currentTarget;
      const body = { name: elements.name.value.trim(), password: elements.password.value };
      await this.#try(told, event.submitter, entered, async () => {
        const answer = await this.#ask("POST", "/session/", body);
        elements.password.value = "";
        return answer;
      });
    };
    return el("form", { onSubmit }, name, secret, el("button", { type: "submit", class: "main" }, app.say("sign_in")));
  }

  #key(told, entered) {
    const app = this.#app;
    const key = field(app.say("your_key"), {
      name: "key", type: "password", autocomplete: "off", spellcheck: "false", required: true, maxlength: 4_096,
    });
    const onSubmit = async (event) => {
      event.preventDefault();
      app.key = event.currentTarget.elements.key.value.trim();
      event.currentTarget.reset();
      await this.#try(told, event.submitter, entered, () => this.#ask("GET", "/session/"));
    };
    const hint = el("p", { class: "hint" }, app.say("key_hint"));
    return el("form", { onSubmit }, key, hint, el("button", { type: "submit" }, app.say("use_key")));
  }

  async #try(told, button, entered, ask) {
    fill(told);
    button?.setAttribute("aria-busy", "true");
    try {
      const answer = await ask();
      if (answer.ok) return entered(await answer.json());
      const why = await refusal(answer);
      if (this.#app.key && why.status === UNKNOWN) this.#app.key = null;
      fill(told, this.#app.why(why));
    } catch {
      fill(told, this.#app.say("refused_no_connection"));
    } finally {
      button?.removeAttribute("aria-busy");
    }
  }
}

async function refusal(answer) {
  const document = await answer.json().catch(() => ({}));
  return new Refusal({ code: `http_${answer.status}`, ...document, status: answer.status });
}

function field(text, props) {
  const id = freshId("door");
  return el("div", { class: "field" }, el("label", { for: id }, text), el("input", { id, ...props }));
}
