// The areas of the console and their views, in the order of the navigation. A view is loaded when somebody goes there.
// `word` of an area stands in the shell's words, that of a view in the area's own. `roles`: who finds it useful; what
// somebody may do, the server decides.

const DESK = ["clerk", "admin"];
const CLINIC = ["clinician", "admin"];
const STAFF = ["clerk", "clinician", "admin"];
const ADMINS = ["admin"];
const READERS = [...STAFF, "auditor", "integration"];

export const AREAS = [
  {
    area: "desk",
    word: "area_desk",
    views: [
      { name: "patients", word: "patients", roles: DESK, load: () => import("./desk/patients.js") },
      { name: "queue", word: "queue", roles: DESK, load: () => import("./desk/queue.js") },
      { name: "day", word: "day", roles: STAFF, load: () => import("./desk/day.js") },
    ],
  },
  {
    area: "clinic",
    words: ["desk"], // steps and states have the same names there
    word: "area_clinic",
    views: [
      { name: "mine", word: "mine", roles: CLINIC, load: () => import("./clinic/mine.js") },
      { name: "away", word: "away", roles: CLINIC, load: () => import("./clinic/away.js") },
    ],
  },
  {
    area: "rooms",
    word: "area_rooms",
    views: [
      { name: "day", word: "day", roles: READERS, load: () => import("./rooms/day.js") },
      { name: "book", word: "book", roles: STAFF, load: () => import("./rooms/book.js") },
      { name: "waiting", word: "waiting", roles: READERS, load: () => import("./rooms/waiting.js") },
      { name: "closures", word: "closures", roles: READERS, load: () => import("./rooms/closures.js") },
    ],
  },
  {
    area: "ward",
    word: "area_ward",
    views: [
      { name: "beds", word: "beds", roles: READERS, load: () => import("./ward/beds.js") },
      { name: "admit", word: "admit", roles: STAFF, load: () => import("./ward/admit.js") },
      { name: "backlog", word: "backlog", roles: READERS, load: () => import("./ward/backlog.js") },
      { name: "roster", word: "roster", roles: READERS, load: () => import("./ward/roster.js") },
      { name: "wards", word: "wards", roles: ADMINS, load: () => import("./ward/wards.js") },
    ],
  },
  {
    area: "reports",
    word: "area_reports",
    views: [
      { name: "daily", word: "report_daily", roles: READERS, load: () => import("./reports/daily.js") },
      { name: "queues", word: "report_queues", roles: READERS, load: () => import("./reports/queues.js") },
      { name: "rooms", word: "report_rooms", roles: READERS, load: () => import("./reports/rooms.js") },
      { name: "wards", word: "report_wards", roles: READERS, load: () => import("./reports/wards.js") },
      { name: "referrals", word: "report_referrals", roles: READERS, load: () => import("./reports/referrals.js") },
    ],
  },
  {
    area: "alerts",
    word: "area_alerts",
    views: [{ name: "open", word: "alerts", roles: READERS, load: () => import("./alerts/open.js") }],
  },
  {
    area: "admin",
    word: "area_admin",
    views: [
      { name: "doctors", word: "doctors", roles: ADMINS, load: () => import("./admin/doctors.js") },
      { name: "templates", word: "templates", roles: ADMINS, load: () => import("./admin/templates.js") },
      { name: "slots", word: "slots", roles: ADMINS, load: () => import("./admin/slots.js") },
      { name: "services", word: "services", roles: ADMINS, load: () => import("./admin/services.js") },
      { name: "clinics", word: "clinics", roles: ADMINS, load: () => import("./admin/clinics.js") },
      { name: "rooms", word: "rooms", roles: ADMINS, load: () => import("./admin/rooms.js") },
      { name: "rules", word: "rules", roles: ADMINS, load: () => import("./admin/rules.js") },
      { name: "staff", word: "staff", roles: ADMINS, load: () => import("./admin/staff.js") },
      { name: "policy", word: "policy", roles: ADMINS, load: () => import("./admin/policy.js") },
      { name: "access", word: "access", roles: ADMINS, load: () => import("./admin/access.js") },
    ],
  },
];

export { CLINIC, DESK, READERS, STAFF };

// The areas and views that one of these roles has a use for.
export function areasFor(roles) {
  const useful = (view) => roles.has("network") || view.roles.some((role) => roles.has(role));
  const mine = AREAS.map((one) => ({ ...one, views: one.views.filter(useful) }));
  return mine.filter((one) => one.views.length);
}
