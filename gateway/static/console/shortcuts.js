// Single keys for what can be done: an element that carries data-key is clicked by that key, while it is there to see
// and nobody is typing. Whoever is hindered by that switches it off.

const OFF = "matron-keys-off";
const TYPING = "input, select, textarea, [contenteditable]";
const TICKED = new Set(["checkbox", "radio", "button", "submit"]);

export const shortcuts = {
  get on() {
    return localStorage.getItem(OFF) === null;
  },
  set on(yes) {
    if (yes) localStorage.removeItem(OFF);
    else localStorage.setItem(OFF, "yes");
    document.documentElement.classList.toggle("keyless", !yes);
  },
  // What the keys do here and now: [key, name].
  here() {
    return usable().map((element) => [element.dataset.key, name(element)]);
  },
};

export function listenForKeys() {
  document.documentElement.classList.toggle("keyless", !shortcuts.on);
  document.addEventListener("keydown", (event) => {
    // A key that is held down does its work once.
    if (event.repeat && event.key === "Enter" && event.target instanceof HTMLButtonElement) event.preventDefault();
    if (event.repeat || !shortcuts.on || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || typing(event)) return;
    const found = usable().find((element) => element.dataset.key === event.key.toLowerCase());
    if (!found) return;
    event.preventDefault();
    if (found.matches(TYPING)) found.focus();
    else found.click();
  });
}

function typing({ target }) {
  return target instanceof Element && target.matches(TYPING) && !TICKED.has(target.type);
}

// An open dialog has the keys for itself. What the boards' modules draw has keys of another kind: the items' own.
function usable() {
  const root = [...document.querySelectorAll("dialog[open]")].at(-1) ?? document;
  return [...root.querySelectorAll("[data-key]:not([data-item])")].filter((element) => !element.disabled && element.checkVisibility());
}

function name(element) {
  const shown = element.cloneNode(true);
  for (const key of shown.querySelectorAll("kbd")) key.remove();
  return element.getAttribute("aria-label") ?? (shown.textContent.trim() || element.placeholder);
}
