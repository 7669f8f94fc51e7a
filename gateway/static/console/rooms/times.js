// Times as forms and lists of rooms have them. Knows the hospital's clocks; not what happens when.

const NINE = "09:00";

// The times of a day alone where it is today, else with its date.
export function when(app, from, to) {
  const range = app.time.range(from, to);
  return app.time.day(from) === app.time.today() ? range : `${app.time.date(from)}, ${range}`;
}

// The first time for a form, on the day that is asked for: today the next one on a step (ms) of the clock, else nine.
export function firstTime(app, date, step) {
  const other = /^\d{4}-\d{2}-\d{2}$/.test(date ?? "") && date !== app.time.today();
  return other ? app.time.instant(`${date}T${NINE}`) : new Date(Math.ceil((Date.now() + 1) / step) * step).toISOString();
}
