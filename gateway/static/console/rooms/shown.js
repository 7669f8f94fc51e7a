// Where what was chosen stands below what it was chosen from, it comes into sight. Knows the page's width alone.

const BELOW = "(max-width: 69.99rem)";

export function shown(element) {
  if (matchMedia(BELOW).matches) requestAnimationFrame(() => element.scrollIntoView({ block: "nearest" }));
}
