// The figures of the queues over some days: how many came and what became of them, waits and consultations, of one
// queue. Knows the statistics of a service; not how a chart is drawn.

import { columns, lines } from "./charts.js";
import { csvOf, flat, namesOf } from "./csv.js";
import { figure, table, tiles } from "./figure.js";
import { Report, dayByDay } from "./frame.js";
import { Numbers } from "./numbers.js";
import { dayLabel, weighed } from "./telling.js";

const STATES = ["completed", "no_show", "cancelled", "expired", "transferred", "consulting", "waiting"];
const PRIORITIES = ["high", "medium", "low"];

export default {
  async open(app, host, place) {
    const services = await app.all("/services/");
    const report = await Report.open(app, host, place, {
      title: app.say("report_queues"),
      hint: services.length ? "" : app.say("no_queues"),
      choices: [{ name: "service", word: "queue", options: services.map(({ id, name }) => ({ id, name })) }],
      ask: (asked, told, signal) =>
        asked.service
          ? dayByDay(asked, (date) => app.get(`/services/${asked.service}/statistics/`, { date }, { signal }), told, signal)
          : [],
      draw: (days) => draw(app, days),
      file: (days, { from, to }) => ({ name: `queue-${from}-${to}.csv`, text: fileOf(days) }),
    });
    if (services.length) report.show();
    return () => report.close();
  },
};

function draw(app, days) {
  const say = (key, values) => app.say(key, values);
  const { count, minutes } = new Numbers(app.language.code);
  const sum = (state) => days.reduce((sofar, day) => sofar + day[state], 0);
  const labels = days.map((day) => dayLabel(day.date));
  const date = { word: say("date"), of: (day) => app.time.date(day.date) };
  const series = STATES.map((state) => ({ name: say(`ticket_${state}`), values: days.map((day) => day[state]), state }));
  const spreads = [
    ["average", "average"],
    ["p50", "median"],
    ["p95", "p95"],
  ];
  const timed = (word, of) => {
    const each = spreads.map(([part, name]) => ({ name: say(name), values: days.map((day) => day[of][part]), part }));
    return figure({
      title: say(word),
      lined: true,
      names: each.map(({ name }) => name),
      drawing: lines({
        title: say(word),
        description: each.map(({ name, values }) => `${name}: ${values.map(minutes).join(", ")}`).join(". "),
        labels,
        series: each,
        tell: minutes,
      }),
      table: { columns: [date, ...each.map(({ name, part }) => ({ word: name, of: (day) => minutes(day[of][part]) }))], rows: days },
    });
  };
  const came = STATES.reduce((sofar, state) => sofar + sum(state), 0);
  return [
    tiles(say("at_a_glance"), [
      { word: say("tickets"), value: count(came) },
      { word: say("ticket_completed"), value: count(sum("completed")) },
      { word: say("ticket_no_show"), value: count(sum("no_show")) },
      {
        word: say("average_wait"),
        value: minutes(
          weighed(
            days,
            (day) => day.wait_minutes.average,
            (day) => day.completed,
          ),
        ),
      },
      {
        word: say("average_service"),
        value: minutes(
          weighed(
            days,
            (day) => day.service_minutes.average,
            (day) => day.completed,
          ),
        ),
      },
      { word: say("lifts"), value: count(sum("lifts")) },
    ]),
    figure({
      title: say("tickets_by_state"),
      names: series.map(({ name }) => name),
      drawing: columns({
        title: say("tickets_by_state"),
        description: series.map(({ name, state }) => `${name}: ${count(sum(state))}`).join(", "),
        labels,
        series,
        tell: count,
      }),
      table: { columns: [date, ...series.map(({ name, state }) => ({ word: name, of: (day) => count(day[state]) }))], rows: days },
    }),
    timed("queue_waits", "wait_minutes"),
    timed("queue_services", "service_minutes"),
    table({
      caption: say("by_priority"),
      columns: [
        { word: say("priority"), of: (priority) => say(`priority_${priority}`) },
        ...STATES.map((state) => ({
          word: say(`ticket_${state}`),
          of: (priority) => count(days.reduce((sofar, day) => sofar + (day.by_priority[priority]?.[state] ?? 0), 0)),
        })),
      ],
      rows: PRIORITIES,
    }),
  ];
}

function fileOf(days) {
  const rows = days.map((day) => flat(day));
  return csvOf(namesOf(rows), rows);
}
