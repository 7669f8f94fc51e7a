// The console's start: finds out who is here, then shows what the address means. Read this first.

import { App } from "./app.js";
import { areasFor } from "./areas.js";
import { el, fill, put } from "./dom.js";
import { Door } from "./door.js";
import { Frame } from "./frame.js";
import { address, place } from "./router.js";
import { listenForKeys } from "./shortcuts.js";
import { HospitalTime } from "./time.js";
import { firstLanguage, language } from "./words.js";

const OWN = { clerk: "desk", clinician: "clinic" }; // where a person of one role begins
const root = document.getElementById("console");
const app = new App();
const codes = JSON.parse(root.dataset.languages);
app.languages = codes;
app.code = firstLanguage(codes, root.dataset.first);
let leave = null; // what ends the view that is shown
let turn = 0; // of views asked for: only the last is shown
let frame = null;

async function start() {
  await speak();
  listenForKeys();
  const door = new Door(app);
  app.signIn = () => door.again();
  app.leave = () => door.leave();
  app.look = () => door.look();
  await door.pass(root);
  app.session = door.session;
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && door.look());
  if (!app.hospital) await whichHospital();
  await settle();
  frame = new Frame(app);
  fill(root, frame.element);
  root.removeAttribute("aria-busy");
  app.router.addEventListener("change", () => show(true));
  await show(false);
  for (const action of app.pending.left(app.session.name, app.hospital)) resume(action);
  performance.mark("matron-interactive");
}

async function speak(...areas) {
  app.language = await language(app.code, ...areas);
  document.documentElement.lang = app.code;
  document.documentElement.dir = app.language.direction;
}

// Who may do something in every hospital says in which.
async function whichHospital() {
  const { Form } = await import("./form.js");
  await new Promise((resolve) => {
    const form = new Form(app, {
      fields: [{ name: "hospital", word: "hospital", required: true, maxlength: 64, value: "main" }],
      submit: "go_on",
      act: ({ hospital }) => resolve((app.hospital = hospital)),
    });
    fill(root, el("main", { class: "alone" }, el("h1", {}, app.say("which_hospital")), form.element));
    form.focus();
  });
}

// The hospital's clock; who may not ask for it has the browser's.
async function settle() {
  let zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  try {
    app.place = await app.get("/hospital/");
    zone = app.place.time_zone;
  } catch {
    app.place = { id: app.hospital, name: app.hospital };
  }
  app.time = new HospitalTime(app.code, zone);
}

async function show(moved) {
  const mine = (turn += 1);
  const wanted = place();
  const areas = areasFor(app.roles);
  const { area, view } = meant(wanted, areas);
  if (!wanted.area && area) {
    history.replaceState(null, "", address(area.area, view.name));
    return show(moved);
  }
  leave?.();
  leave = null;
  frame.at(areas, area, view);
  const host = el("section", { class: "view", "aria-busy": "true" }, el("p", { class: "loading" }, app.say("loading")));
  frame.show(host);
  try {
    const [module] = await Promise.all([view ? view.load() : home(wanted, areas), speak(...(area?.words ?? []), area?.area ?? "home")]);
    if (mine !== turn) return;
    frame.at(areas, area, view);
    const open = module[view?.name] ?? module.default ?? module;
    const fresh = el("section", { class: "view" });
    document.title = [view ? app.say(view.word) : "", app.place.name, "Matron"].filter(Boolean).join(" · ");
    const close = await open.open(app, fresh, wanted);
    if (mine !== turn) return close?.();
    leave = close ?? null;
    frame.show(fresh);
    if (moved) frame.focus();
    else fresh.querySelector("[autofocus]")?.focus();
  } catch (error) {
    if (mine !== turn) return;
    console.error(error);
    const again = el("button", { type: "button", class: "main", onClick: () => show(true) }, app.say("try_again"));
    const told = el("p", { role: "alert" }, app.why(error));
    fill(host, el("h1", { tabindex: -1 }, app.say("not_shown")), told, again);
    host.removeAttribute("aria-busy");
    if (moved) frame.focus();
  }
}

// The area and the view of an address; of an area alone its first view; of nothing, for who has one task only, that.
function meant(wanted, areas) {
  const own = areas.length === 1 ? areas[0].area : OWN[[...app.roles].join()];
  const area = areas.find((one) => one.area === (wanted.area || own));
  const view = area && (wanted.name ? area.views.find((one) => one.name === wanted.name) : area.views[0]);
  return { area: view ? area : null, view: view ?? null };
}

async function home(wanted, areas) {
  const { Home } = await import("./home/home.js");
  return new Home(areas, wanted.area !== "");
}

// An action that was cut off is asked again, and told.
function resume(action) {
  const what = action.what || app.say("an_action");
  app.act(() => app.api.resume(action), { done: () => app.say("resumed", { what }) });
}

start().catch((error) => {
  console.error(error);
  const again = el("button", { type: "button", onClick: () => location.reload() }, app.language?.say("try_again") ?? "↻");
  fill(root, put(el("main", { class: "alone" }), el("h1", {}, "Matron"), el("p", { role: "alert" }, String(app.language ? app.why(error) : error)), again));
});
