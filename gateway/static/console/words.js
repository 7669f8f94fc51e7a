// The words of the console: one file an area and language, loaded when the area is. Knows files, not meanings.

import { Language } from "/static/board/words.js";

const KEPT = "matron-language"; // of this browser: whoever works here works here tomorrow, too
const loaded = new Map();

// The language to begin with: what somebody chose here, else what the page found.
export function firstLanguage(known, found) {
  const asked = new URLSearchParams(location.search).get("lang");
  const kept = localStorage.getItem(KEPT);
  return asked && known[asked] ? asked : kept && known[kept] ? kept : found;
}

export function keepLanguage(code) {
  localStorage.setItem(KEPT, code);
}

async function catalogue(area, code) {
  const path = `/static/console/words/${area}.${code}.json`;
  if (!loaded.has(path)) {
    const answer = await fetch(path);
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
    loaded.set(path, await answer.json());
  }
  return loaded.get(path);
}

// The language with the words of the shell and of these areas; a later one's word wins.
export async function language(code, ...areas) {
  const found = await Promise.all(["shell", ...areas].map((area) => catalogue(area, code)));
  const words = Object.assign({}, ...found.map((one) => one.words));
  return new Said(code, { ...found[0], words });
}

class Said extends Language {
  #words;

  constructor(code, catalogue) {
    super(code, catalogue);
    this.#words = catalogue.words;
  }

  // Whether there is such a word: codes of the server may be newer than the console.
  knows(key) {
    return key in this.#words;
  }

  // A word that was forgotten shows its name, which is of more use than nothing.
  say(key, values) {
    return this.knows(key) ? super.say(key, values) : key;
  }
}
