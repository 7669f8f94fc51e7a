// Who works here and which queues there are: lists that every view looks names up in, asked for once in a while.

const FRESH = 30_000; // ms
const kept = new Map();

async function list(app, path, params) {
  const found = kept.get(path);
  if (found && Date.now() - found.at < FRESH) return found.rows;
  const rows = app.all(path, params);
  kept.set(path, { at: Date.now(), rows });
  rows.catch(() => kept.delete(path));
  return rows;
}

export const doctors = (app) => list(app, "/doctors/", {});
export const services = (app) => list(app, "/services/", {});

// Names of doctors by id; one who is not listed has left, and is asked for.
export async function doctorNames(app, ids = []) {
  const names = new Map((await doctors(app)).map((one) => [one.id, one.name]));
  const missing = [...new Set(ids)].filter((id) => !names.has(id));
  const found = await Promise.all(missing.map((id) => app.get(`/doctors/${id}/`).catch(() => null)));
  for (const one of found) if (one) names.set(one.id, one.name);
  return names;
}

// The next question is asked anew: something was added.
export function forget() {
  kept.clear();
}
