// What somebody at the desk types to find a patient, and who that may be. A name alone finds nobody for sure: what comes
// back is always a list of candidates, with what tells them apart.

const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const CODE = /^[a-z]{2,5}-\d{1,5}$/i;
const ISO = /\b(\d{4})-(\d{1,2})-(\d{1,2})\b/;
const DAY_FIRST = /\b(\d{1,2})[./](\d{1,2})[./](\d{4})\b/;
const PHONE = /^[+\d][\d\s()/.-]{3,}$/;
const MOST = 50;
const MOST_BORN = 1_000;

// {id} | {code} | {dob, name} | {phone} | {name}, or null for nothing.
export function meant(text) {
  const said = text.trim();
  if (!said) return null;
  if (ID.test(said)) return { id: said.toLowerCase() };
  if (CODE.test(said)) return { code: said.toUpperCase() };
  const iso = ISO.exec(said);
  const other = iso ? null : DAY_FIRST.exec(said);
  if (iso || other) {
    const [year, month, day] = iso ? iso.slice(1) : [other[3], other[2], other[1]];
    const dob = `${year}-${month.padStart(2, "0")}-${day.padStart(2, "0")}`;
    return { dob, name: said.replace((iso ?? other)[0], " ").replaceAll(/\s+/g, " ").trim() };
  }
  if (PHONE.test(said)) return { phone: said };
  return { name: said };
}

// The candidates: {patients, sure, more}. `sure`: an id or a ticket's code names one person.
export async function candidates(app, sought) {
  if (sought.id) return { patients: [await app.get(`/patients/${sought.id}/`)], sure: true, more: false };
  if (sought.code) return byCode(app, sought.code);
  if (sought.dob) {
    const known = await app.all("/patients/", { name: sought.name }, MOST_BORN);
    const patients = known.filter((one) => one.dob === sought.dob);
    return { patients: patients.slice(0, MOST), sure: false, more: known.length >= MOST_BORN };
  }
  const page = await app.get("/patients/", { name: sought.name, phone: sought.phone, limit: MOST });
  return { patients: page.items, sure: false, more: page.next_cursor !== null };
}

async function byCode(app, code) {
  const page = await app.get("/tokens/", { ticket_code: code, date: app.time.today() });
  const ids = [...new Set(page.items.map((token) => token.patient_id))];
  const patients = await Promise.all(ids.map((id) => app.get(`/patients/${id}/`)));
  return { patients, sure: patients.length === 1, more: false };
}

// Who may be the one that is about to be registered: the same telephone, or the same name.
export async function alike(app, { name, phone, dob }) {
  const asked = [app.get("/patients/", { name, limit: MOST })];
  if (phone) asked.push(app.get("/patients/", { phone, limit: MOST }));
  const pages = await Promise.all(asked);
  const found = new Map(pages.flatMap((page) => page.items).map((one) => [one.id, one]));
  const contradicts = (one) => dob && one.dob && one.dob !== dob && !(phone && one.phone === phone);
  return [...found.values()].filter((one) => !contradicts(one));
}

// What tells a person from others of the same name.
export function apart(app, patient) {
  return [
    patient.dob && app.say("born", { date: app.time.date(patient.dob) }),
    patient.gender,
    patient.phone,
    patient.email,
    app.say("id_ends", { end: patient.id.slice(-6) }),
  ].filter(Boolean);
}
