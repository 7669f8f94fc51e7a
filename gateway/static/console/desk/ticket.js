// A ticket to be printed: its code, where and when, and the QR code of its page. No name stands on it.

import { dialog } from "../dialog.js";
import { el } from "../dom.js";
import { button } from "../parts.js";

// `ticket`: {code, link, place, date, time}.
export function printTicket(app, { code, link, place, date = "", time = "" }) {
  const asked = app.hospital && app.hospital !== "main" ? `?${new URLSearchParams({ hospital: app.hospital })}` : "";
  const address = `/t/${encodeURIComponent(link)}`;
  return dialog(app.say("ticket"), (close) =>
    el(
      "div",
      {},
      el(
        "div",
        { class: "paper" },
        el("p", {}, el("bdi", {}, app.place.name ?? "")),
        el("p", { class: "code big" }, code),
        el("p", {}, el("bdi", {}, place)),
        time && el("p", {}, app.say("expected_on", { date, time })),
        el("img", { src: `${address}/qr.svg${asked}`, alt: app.say("qr_alt"), class: "qr", width: 200, height: 200 }),
        el("p", { class: "hint" }, app.say("qr_hint")),
      ),
      el(
        "p",
        { class: "choice" },
        button(app, "print", () => window.print(), { key: "p", kind: "main" }),
        el("a", { class: "button", href: `${address}${asked}`, target: "_blank", rel: "noopener" }, app.say("patients_page")),
        button(app, "close", () => close()),
      ),
    ),
  );
}
