// Builds the document out of elements; no text ever becomes markup. Knows nothing of what is shown.

const ON = /^on[A-Z]/;

// el("button", { class: "main", onClick: run, disabled: true }, "Text", another). A property that is null, false or
// undefined is left out; `dataset` and `aria` take objects.
export function el(tag, props = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) set(made, name, value);
  put(made, ...children);
  return made;
}

function set(made, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name === "dataset") Object.assign(made.dataset, value);
  else if (name === "aria") for (const [key, one] of Object.entries(value)) made.setAttribute(`aria-${key}`, one);
  else if (ON.test(name)) made.addEventListener(name.slice(2).toLowerCase(), value);
  else if (name === "value") made.value = value;
  else made.setAttribute(name, value === true ? "" : value);
}

function flat(children) {
  return children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false && child !== "");
}

// Adds children: elements, texts, lists of them; what is empty is skipped.
export function put(parent, ...children) {
  parent.append(...flat(children));
  return parent;
}

// The children of an element from now on.
export function fill(parent, ...children) {
  parent.replaceChildren(...flat(children));
  return parent;
}

// A text where it is not that already: nothing flickers, and nothing is read out twice.
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
  return element;
}

let made = 0;

// An id that no other element has.
export function freshId(of = "part") {
  made += 1;
  return `${of}-${made}`;
}

const sheets = new Map();

// A view's own style sheet, once, before it is shown.
export function sheet(path) {
  if (!sheets.has(path)) {
    const loaded = new Promise((resolve) => {
      const link = el("link", { rel: "stylesheet", href: path, onLoad: resolve, onError: resolve });
      document.head.append(link);
    });
    sheets.set(path, loaded);
  }
  return sheets.get(path);
}
