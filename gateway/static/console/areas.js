// The areas of the console and their views, in the order of the navigation. A view is loaded when somebody goes there.
// `word` of an area stands in the shell's words, that of a view in the area's own. `roles`: who finds it useful; what
// somebody may do, the server decides.

const DESK = ["clerk", "admin"];
const CLINIC = ["clinician", "admin"];
const STAFF = ["clerk", "clinician", "admin"];
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
  // Rooms, wards and reports.
  // Administration.
];

export { CLINIC, DESK, READERS, STAFF };

// The areas and views that one of these roles has a use for.
export function areasFor(roles) {
  const useful = (view) => roles.has("network") || view.roles.some((role) => roles.has(role));
  const mine = AREAS.map((one) => ({ ...one, views: one.views.filter(useful) }));
  return mine.filter((one) => one.views.length);
}
