// Stretches of local days as texts such as 2030-02-01. Knows no hospital and no clock.

import { later } from "/static/board/day_time.js";

export const LONGEST = 31; // days of one report: one question each

const DAY = /^\d{4}-\d{2}-\d{2}$/;

export function isDay(text) {
  return DAY.test(text ?? "") && !Number.isNaN(Date.parse(`${text}T00:00:00Z`));
}

// How many days there are from one to another, both counted; below one where they are the wrong way round.
export function count(from, to) {
  return Math.round((Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / 86_400_000) + 1;
}

export function between(from, to) {
  return Array.from({ length: Math.max(count(from, to), 0) }, (_, place) => later(from, place));
}
