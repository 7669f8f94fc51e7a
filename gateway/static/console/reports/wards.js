// The wards as they are now: beds by state, how busy the staff are, how fast patients are assigned, who waits for what.
// Knows the figures of wards; not how a chart is drawn.

import { bars } from "./charts.js";
import { csvOf, flat, namesOf } from "./csv.js";
import { figure, tiles } from "./figure.js";
import { Report } from "./frame.js";
import { Numbers } from "./numbers.js";

const STATES = ["occupied", "reserved", "unoccupied", "housekeeping", "contaminated", "isolated", "closed"];
const REASONS = ["no_bed", "no_staff", "no_skill", "timeout"];
const ROLES = ["doctor", "nurse"];

export default {
  async open(app, host, place) {
    const report = await Report.open(app, host, place, {
      title: app.say("report_wards"),
      hint: app.say("report_wards_hint"),
      days: false,
      ask: async (asked, told, signal) => {
        const [wards, figures, roster] = await Promise.all([
          app.all("/wards/"),
          app.get("/assignments/figures/", {}, { signal }),
          app.get("/roster/", {}, { signal }),
        ]);
        return { wards, figures, roster };
      },
      draw: (found) => draw(app, found),
      file: ({ wards }) => ({ name: `wards-${app.time.today()}.csv`, text: fileOf(wards) }),
    });
    report.show();
    return () => report.close();
  },
};

function draw(app, { wards, figures, roster }) {
  const say = (key, values) => app.say(key, values);
  const { count, milliseconds, minutes, share } = new Numbers(app.language.code);
  const beds = (ward, state) => ward.beds[state] ?? 0;
  const all = (ward) => STATES.reduce((sofar, state) => sofar + beds(ward, state), 0);
  const sum = (of) => wards.reduce((sofar, ward) => sofar + of(ward), 0);
  const usable = (ward) => all(ward) - beds(ward, "closed");
  const use = (ward) => (usable(ward) ? ward.occupied / usable(ward) : null);
  const names = STATES.map((state) => say(`bed_${state}`));
  const waiting = REASONS.map((reason) => ({ name: say(`waits_${reason}`), values: [figures.waiting[reason] ?? 0] }));
  const loads = ROLES.map((role) => loadOf(roster.items, role)).filter(({ most }) => most);
  const whole = figures.since_beginning;
  return [
    tiles(say("at_a_glance"), [
      {
        word: say("occupancy"),
        value: share(sum(usable) ? sum((ward) => ward.occupied) / sum(usable) : null),
        more: say("of_beds", { beds: count(sum(usable)) }),
      },
      { word: say("free_beds"), value: count(sum((ward) => ward.free)) },
      { word: say("waiting_now"), value: count(Object.values(figures.waiting).reduce((sofar, each) => sofar + each, 0)) },
      {
        word: say("assigning_average"),
        value: milliseconds(figures.average_ms),
        more: say("assignments_lately", { count: figures.assignments }),
      },
      { word: say("assigning_p95"), value: milliseconds(figures.p95_ms) },
      { word: say("assigning_p99"), value: milliseconds(figures.p99_ms) },
      { word: say("timeout_rate"), value: share(whole.timeout_rate), more: count(whole.timeouts) },
      { word: say("retry_success"), value: share(whole.retry_success_rate) },
      { word: say("assignments_ever"), value: count(whole.assignments) },
      ...loads.map(({ role, load, most }) => ({
        word: say(`load_of_${role}`),
        value: share(load / most),
        more: `${count(load)} / ${count(most)}`,
      })),
    ]),
    wards.length
      ? figure({
          title: say("beds_by_state"),
          names,
          drawing: bars({
            title: say("beds_by_state"),
            description: wards
              .map((ward) => `${ward.name}: ${say("occupied_of", { occupied: count(ward.occupied), beds: count(all(ward)) })}`)
              .join(". "),
            rows: wards.map((ward) => ({ name: ward.name, values: STATES.map((state) => beds(ward, state)), said: share(use(ward)) })),
            series: names,
            tell: count,
          }),
          table: {
            columns: [
              { word: say("ward"), of: (ward) => ward.name },
              ...STATES.map((state, place) => ({ word: names[place], of: (ward) => count(beds(ward, state)) })),
              { word: say("occupancy"), of: (ward) => share(use(ward)) },
              { word: say("turnover"), of: (ward) => minutes(ward.turnover_minutes) },
            ],
            rows: wards,
          },
        })
      : Object.assign(document.createElement("p"), { className: "empty", textContent: say("no_wards") }),
    figure({
      title: say("waiting_by_reason"),
      drawing: bars({
        title: say("waiting_by_reason"),
        description: waiting.map(({ name, values }) => `${name}: ${count(values[0])}`).join(", "),
        rows: waiting,
        series: [say("waiting_now")],
        tell: count,
      }),
      table: {
        columns: [
          { word: say("reason"), of: (row) => row.name },
          { word: say("patients"), of: (row) => count(row.values[0]) },
        ],
        rows: waiting,
      },
    }),
  ];
}

function loadOf(members, role) {
  const working = members.filter((member) => member.role === role && member.duty === "on");
  const sum = (of) => working.reduce((sofar, member) => sofar + member[of], 0);
  return { role, load: sum("load"), most: sum("max_load") };
}

function fileOf(wards) {
  const rows = wards.map(({ id, name, specialty, beds, free, occupied, turnover_minutes }) =>
    flat({
      ward_id: id,
      name,
      specialty,
      beds: Object.fromEntries(STATES.map((state) => [state, beds[state] ?? 0])),
      free,
      occupied,
      turnover_minutes,
    }),
  );
  return csvOf(namesOf(rows), rows);
}
