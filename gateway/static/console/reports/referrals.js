// How long referrals and their tests took at a branch over some days. Knows the turnaround as answered; not how a
// chart is drawn.

import { bars } from "./charts.js";
import { csvOf, flat, namesOf } from "./csv.js";
import { figure, table, tiles } from "./figure.js";
import { Report } from "./frame.js";
import { Numbers } from "./numbers.js";

const PARTS = ["tests", "bench", "referrals"];
const STEPS = [
  "referred",
  "received",
  "completed",
  "rejected",
  "recollected",
  "cancelled",
  "amended",
  "declined",
  "expired",
  "redirected",
  "critical",
];
const STATUSES = ["Pending", "Received", "Completed", "Cancelled", "Declined", "Expired"];

export default {
  async open(app, host, place) {
    const branches = await app.all("/branches/");
    const report = await Report.open(app, host, place, {
      title: app.say("report_referrals"),
      hint: branches.length ? "" : app.say("no_branches"),
      choices: [{ name: "branch", word: "branch", options: branches.map(({ id, name }) => ({ id, name })) }],
      ask: ({ branch, from, to }, told, signal) => app.get(`/branches/${branch}/turnaround/`, { from_date: from, to_date: to }, { signal }),
      draw: (found) => draw(app, found),
      file: (found, { from, to }) => {
        const row = flat(found);
        return { name: `referrals-${from}-${to}.csv`, text: csvOf(namesOf([row]), [row]) };
      },
    });
    if (branches.length) report.show();
    return () => report.close();
  },
};

function draw(app, found) {
  const say = (key, values) => app.say(key, values);
  const { count, hours } = new Numbers(app.language.code);
  const parts = PARTS.map((part) => ({ name: say(`took_${part}`), ...found[part] }));
  const spread = [
    ["average_hours", "average"],
    ["p50_hours", "median"],
    ["p95_hours", "p95"],
  ];
  const steps = STEPS.filter((step) => found.counts[step]);
  const titled = [say("turnaround_by_test"), say("steps_counted")];
  return [
    tiles(
      say("at_a_glance"),
      parts.map((part) => ({ word: part.name, value: hours(part.average_hours), more: `${say("p95")}: ${hours(part.p95_hours)}` })),
    ),
    table({
      caption: say("turnaround"),
      columns: [
        { word: say("turnaround"), of: (part) => part.name },
        { word: say("number"), of: (part) => count(part.count) },
        ...spread.map(([of, word]) => ({ word: say(word), of: (part) => hours(part[of]) })),
      ],
      rows: parts,
    }),
    found.by_test.length
      ? figure({
          title: titled[0],
          drawing: bars({
            title: titled[0],
            description: found.by_test.map((test) => `${test.name ?? test.test_id}: ${hours(test.average_hours)}`).join(", "),
            rows: found.by_test.map((test) => ({ name: test.name ?? test.test_id, values: [test.average_hours] })),
            series: [say("average")],
            tell: hours,
          }),
          table: {
            columns: [
              { word: say("test"), of: (test) => test.name ?? test.test_id },
              { word: say("number"), of: (test) => count(test.count) },
              { word: say("average"), of: (test) => hours(test.average_hours) },
            ],
            rows: found.by_test,
          },
        })
      : null,
    steps.length
      ? figure({
          title: titled[1],
          drawing: bars({
            title: titled[1],
            description: steps.map((step) => `${say(`step_${step}`)}: ${count(found.counts[step])}`).join(", "),
            rows: steps.map((step) => ({ name: say(`step_${step}`), values: [found.counts[step]] })),
            series: [titled[1]],
            tell: count,
          }),
          table: {
            columns: [
              { word: say("step"), of: (step) => say(`step_${step}`) },
              { word: say("number"), of: (step) => count(found.counts[step]) },
            ],
            rows: steps,
          },
        })
      : null,
    table({
      caption: say("referrals_now"),
      columns: [
        { word: say("referrals_now"), of: (status) => say(`referral_${status}`) },
        { word: say("number"), of: (status) => count(found.open[status] ?? 0) },
      ],
      rows: STATUSES.filter((status) => found.open[status]),
    }),
  ].filter(Boolean);
}
