// Elements for items, in their order. An element stays while its item does, so that focus and scrolling stay too.

export function keyed(parent, template, items, keyOf, fill) {
  const there = new Map([...parent.children].map((child) => [child.dataset.item, child]));
  const made = items.map((item) => {
    const element = there.get(keyOf(item)) ?? template.content.firstElementChild.cloneNode(true);
    element.dataset.item = keyOf(item);
    if (element.hasAttribute("data-key")) element.dataset.key = keyOf(item);
    fill(element, item);
    return element;
  });
  const kept = new Set(made);
  for (const child of [...parent.children]) if (!kept.has(child)) child.remove();
  for (const [place, element] of made.entries()) {
    if (parent.children[place] !== element) parent.insertBefore(element, parent.children[place] ?? null);
  }
  return made;
}
