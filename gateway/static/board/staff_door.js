// The way in for staff: whoever is signed in needs no key, for the browser says the session's cookie by itself; of
// anybody else it asks for a key, keeps it for this tab, and says it with each question. Knows no page.

import { put, translate } from "./words.js";

const UNKNOWN = 401;
const KEPT = "matron-key"; // of the tab: another one asks again, and closing it forgets
const SESSION = "/api/v1/session/";

export class StaffDoor {
  #dialog;
  #language;
  #entered;

  // `entered()`: there is a key to try, perhaps none at all, which is enough where no key is needed.
  constructor(dialog, language, entered) {
    this.#dialog = dialog;
    this.#language = language;
    this.#entered = entered;
    const form = dialog.querySelector("form");
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const key = form.elements.key.value.trim();
      form.reset();
      if (key) sessionStorage.setItem(KEPT, key);
      dialog.close();
      this.#entered();
    });
    dialog.querySelector("[data-part=leave]").addEventListener("click", () => dialog.close());
  }

  get known() {
    return sessionStorage.getItem(KEPT) !== null;
  }

  // The hospital is the key's own, unless the address names one: a key for several needs that.
  headers() {
    const said = {};
    const key = sessionStorage.getItem(KEPT);
    const hospital = new URLSearchParams(location.search).get("hospital");
    // What a header cannot carry is no key either.
    if (key !== null) said.Authorization = `Bearer ${/^[\x21-\x7e]+$/.test(key) ? key : "unreadable"}`;
    if (hospital) said["Hospital-Id"] = hospital;
    return said;
  }

  // The same for what changes something. With a session that needs its token besides, which the page asks for when it
  // is needed: it may be another one by now. A key in this tab goes first, here as in `headers()`.
  async writing() {
    const said = { ...this.headers(), "Content-Type": "application/json" };
    if (this.known) return said;
    const answer = await fetch(SESSION, { cache: "no-store", headers: this.headers() }).catch(() => null);
    const session = answer?.ok ? await answer.json().catch(() => null) : null;
    if (session?.csrf) said["X-CSRF-Token"] = session.csrf;
    return said;
  }

  forget() {
    sessionStorage.removeItem(KEPT);
  }

  // `status`: how the key there was is refused, where one was.
  ask(status = 0) {
    const language = this.#language;
    const refused = this.known;
    if (refused) this.forget();
    translate(this.#dialog, language);
    const why = status === UNKNOWN ? language.say("key_unknown") : language.say("key_not_here");
    put(this.#dialog.querySelector("[data-part=refused]"), refused ? why : "", language);
    if (!this.#dialog.open) this.#dialog.showModal();
  }
}
