// Questions that come up over a view: a dialog with what it is about, and what may be answered. Knows no action.

import { el, freshId, put } from "./dom.js";

// Opens a dialog; `content(close)` gives what is in it. Gives a promise of what `close(value)` was told; Escape says null.
// Whoever had the focus has it again.
export function dialog(title, content, { wide = false } = {}) {
  const id = freshId("dialog");
  const before = document.activeElement;
  return new Promise((resolve) => {
    let said = null;
    const box = el("dialog", { "aria-labelledby": id, class: wide ? "wide" : "" });
    const close = (value = null) => {
      said = value;
      box.close();
    };
    put(box, el("h2", { id }, title), content(close));
    box.addEventListener("close", () => {
      carry(box);
      box.remove();
      if (before?.isConnected) before.focus();
      resolve(said);
    });
    document.body.append(box);
    carry();
    box.showModal();
  });
}

// What is said of outcomes stands in the dialog that is open: everything outside it is out of reach, for ears too.
function carry(closing = null) {
  const outcomes = document.querySelector(".outcomes");
  const open = [...document.querySelectorAll("dialog")].filter((one) => one !== closing).at(-1);
  (open ?? document.querySelector(".foot"))?.append(outcomes ?? "");
}

// Asks whether to go on, and why where `reason` is "asked" or "needed": gives {reason} or null.
export function confirm(app, { title, text = "", word = "go_on", reason = "", danger = false }) {
  return dialog(title, (close) => {
    const id = freshId("reason");
    const field = reason && el("input", { id, maxlength: 500, autocomplete: "off", required: reason === "needed" });
    const label = field && el("label", { for: id }, app.say(reason === "needed" ? "reason" : "reason_if_any"));
    const onSubmit = (event) => {
      event.preventDefault();
      close({ reason: field ? field.value.trim() : "" });
    };
    return el(
      "form",
      { onSubmit },
      text && el("p", {}, text),
      field && el("div", { class: "field" }, label, field),
      el(
        "p",
        { class: "choice" },
        el("button", { type: "submit", class: danger ? "main danger" : "main" }, app.say(word)),
        el("button", { type: "button", onClick: () => close(null) }, app.say("never_mind")),
      ),
    );
  });
}
