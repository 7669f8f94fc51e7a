// The boards' own style sheets, for as long as a view draws with the boards' modules: what they call a chip or a line, other
// views call otherwise. Knows sheets; not what they are for.

import { sheet } from "../dom.js";

// Loads them, or switches them on again; gives what switches them off.
export async function boardSheets(...paths) {
  await Promise.all(paths.map(sheet));
  const links = paths.map((path) => document.head.querySelector(`link[href="${path}"]`));
  const turn = (off) => {
    for (const link of links) link.disabled = off;
  };
  turn(false);
  return () => turn(true);
}
