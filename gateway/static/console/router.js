// Which view an address means, over the browser's own history: /console/<area>/<view>/<what it is about>.

const ROOT = "/console";

// {area, name, id, rest, query} of an address; area is "" for the first page.
export function place(url = location) {
  const [area = "", name = "", ...rest] = url.pathname.replace(ROOT, "").split("/").filter(Boolean).map(decodeURIComponent);
  return { area, name, id: rest[0] ?? "", rest, query: new URLSearchParams(url.search) };
}

export function address(...parts) {
  return [ROOT, ...parts.filter(Boolean).map(encodeURIComponent)].join("/");
}

export class Router extends EventTarget {
  constructor() {
    super();
    window.addEventListener("popstate", () => this.#changed());
    document.addEventListener("click", (event) => this.#click(event));
  }

  // Goes to an address of the console, or to parts of one.
  go(path, { instead = false } = {}) {
    if (instead) history.replaceState(null, "", path);
    else history.pushState(null, "", path);
    this.#changed();
  }

  // A link inside the console loads no page.
  #click(event) {
    const link = event.target.closest?.("a[href]");
    const plain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
    if (!link || !plain || event.defaultPrevented || link.target || link.hasAttribute("download")) return;
    const ours = link.origin === location.origin && (link.pathname === "/" || link.pathname.startsWith(ROOT));
    if (!ours || (link.hash && link.pathname === location.pathname)) return;
    event.preventDefault();
    this.go(link.href);
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}
