// The daily report of outpatients over some days: tokens by category and by what became of them, waits, utilisation,
// no-shows, delays, overrides, promotions; of all doctors or of one. Knows the report; not how a chart is drawn.

import { bars, columns, lines } from "./charts.js";
import { csvOf, flat, namesOf } from "./csv.js";
import { figure, table, tiles } from "./figure.js";
import { CATEGORIES, OUTCOMES, STATUSES, byDoctor, together } from "./figures.js";
import { Report, dayByDay } from "./frame.js";
import { Numbers } from "./numbers.js";
import { dayLabel } from "./telling.js";

const LEADING = ["date", "doctor_id", "name", "specialization"];

export default {
  async open(app, host, place) {
    const doctors = (await app.all("/doctors/", { retired: true })).concat(await app.all("/doctors/"));
    const shown = new Daily(app);
    const report = await Report.open(app, host, place, {
      title: app.say("report_daily"),
      hint: app.say("report_daily_hint"),
      choices: [{ name: "doctor", word: "doctor", all: "all_doctors", options: named(doctors) }],
      ask: (asked, told, signal) =>
        dayByDay(asked, (date) => app.get("/reports/daily/", { date, doctor_id: asked.doctor }, { signal }), told, signal),
      draw: (days) => shown.draw(days),
      file: (days, { from, to }) => ({ name: `daily-${from}-${to}.csv`, text: fileOf(days) }),
    });
    report.show();
    return () => report.close();
  },
};

class Daily {
  #say;
  #time;
  #numbers;

  constructor(app) {
    this.#say = (key, values) => app.say(key, values);
    this.#time = app.time;
    this.#numbers = new Numbers(app.language.code);
  }

  draw(days) {
    const sums = together(days);
    const doctors = byDoctor(days);
    if (!sums.tokens && !sums.capacity && !total(sums.appointments)) return [this.#nothing()];
    const several = days.length > 1;
    return [
      this.#glance(sums),
      several ? this.#tokensByDay(days) : this.#tokensByCategory(sums),
      several ? this.#outcomesByDay(days) : this.#outcomes(sums),
      several ? this.#waitsByDay(days) : null,
      doctors.length ? this.#useByDoctor(doctors) : null,
      doctors.length ? this.#byDoctor(doctors, sums) : null,
      total(sums.appointments) ? this.#appointments(sums) : null,
    ].filter(Boolean);
  }

  #nothing() {
    const said = document.createElement("p");
    said.className = "empty";
    said.textContent = this.#say("report_nothing");
    return said;
  }

  #glance(sums) {
    const { count, minutes, share } = this.#numbers;
    const say = this.#say;
    return tiles(say("at_a_glance"), [
      { word: say("tokens"), value: count(sums.tokens), more: say("of_places", { places: count(sums.capacity) }) },
      { word: say("utilisation"), value: share(sums.utilisation) },
      { word: say("average_wait"), value: minutes(sums.averageWait), more: say("patients_seen", { count: sums.seen }) },
      { word: say("worst_p95"), value: minutes(sums.worstWait) },
      { word: say("no_shows"), value: share(sums.noShows), more: count(sums.byStatus.NO_SHOW) },
      { word: say("still_waiting"), value: count(sums.stillWaiting) },
      { word: say("delayed_slots"), value: count(sums.delayed), more: say("at_most", { time: minutes(sums.longestDelay) }) },
      { word: say("overrides"), value: count(sums.overrides) },
      { word: say("promotions"), value: count(sums.promotions) },
    ]);
  }

  #tokensByDay(days) {
    return this.#stacks(days, "tokens_by_category", CATEGORIES, "category_", (day, name) => day.totals.by_category[name] ?? 0);
  }

  #outcomesByDay(days) {
    return this.#stacks(days, "tokens_by_status", STATUSES, "status_", (day, name) => day.totals.by_status[name] ?? 0);
  }

  #stacks(days, word, names, prefix, of) {
    const [title, { count }] = [this.#say(word), this.#numbers];
    const series = names.map((name) => ({ name: this.#say(prefix + name), values: days.map((day) => of(day, name)) }));
    const labels = days.map((day) => dayLabel(day.date));
    const sum = (day) => names.reduce((sofar, name) => sofar + of(day, name), 0);
    return figure({
      title,
      names: series.map(({ name }) => name),
      drawing: columns({ title, description: this.#spread(days.map(sum), labels), labels, series, tell: count }),
      table: {
        columns: [
          this.#dateColumn(),
          ...names.map((name, place) => ({ word: series[place].name, of: (day) => count(of(day, name)) })),
          { word: this.#say("total"), of: (day) => count(sum(day)) },
        ],
        rows: days,
      },
    });
  }

  #tokensByCategory(sums) {
    return this.#lying("tokens_by_category", CATEGORIES, "category_", sums.byCategory);
  }

  #outcomes(sums) {
    return this.#lying("tokens_by_status", STATUSES, "status_", sums.byStatus);
  }

  #appointments(sums) {
    return this.#lying(
      "appointments_by_status",
      OUTCOMES,
      "outcome_",
      sums.appointments,
      this.#say("without_room_counted", { count: sums.withoutRoom }),
    );
  }

  #lying(word, names, prefix, values, more = "") {
    const [title, { count }] = [this.#say(word), this.#numbers];
    const rows = names.map((name) => ({ name: this.#say(prefix + name), values: [values[name]] }));
    const description = [rows.map((row) => `${row.name}: ${count(row.values[0])}`).join(", "), more].filter(Boolean).join(". ");
    const drawing = bars({ title, description, rows, series: [title], tell: count });
    const columnsOf = [
      { word: title, of: (row) => row.name },
      { word: this.#say("number"), of: (row) => count(row.values[0]) },
    ];
    return figure({ title: more ? `${title} · ${more}` : title, drawing, table: { columns: columnsOf, rows } });
  }

  #waitsByDay(days) {
    const [title, { count, minutes }] = [this.#say("waits_by_day"), this.#numbers];
    const waits = days.map((day) => day.totals.waits);
    const series = [
      ["average", "average"],
      ["p50", "median"],
      ["p95", "p95"],
    ].map(([of, word]) => ({ name: this.#say(word), values: waits.map((wait) => wait[of]), of }));
    const labels = days.map((day) => dayLabel(day.date));
    return figure({
      title,
      lined: true,
      names: series.map(({ name }) => name),
      drawing: lines({
        title,
        description: this.#spread(
          waits.map((wait) => wait.p95),
          labels,
          minutes,
        ),
        labels,
        series,
        tell: minutes,
      }),
      table: {
        columns: [
          this.#dateColumn(),
          { word: this.#say("seen"), of: (day) => count(day.totals.waits.count) },
          ...series.map(({ name, of }) => ({ word: name, of: (day) => minutes(day.totals.waits[of]) })),
        ],
        rows: days,
      },
    });
  }

  #useByDoctor(doctors) {
    const [title, { count, share }] = [this.#say("utilisation_by_doctor"), this.#numbers];
    const rows = doctors.map((doctor) => ({ name: doctor.name, values: [doctor.utilisation], said: share(doctor.utilisation) }));
    const most = Math.max(1, ...doctors.map((doctor) => doctor.utilisation ?? 0));
    const description = doctors.map((doctor) => `${doctor.name}: ${share(doctor.utilisation)}`).join(", ");
    return figure({
      title,
      drawing: bars({ title, description, rows, series: [title], tell: share, most }),
      table: {
        columns: [
          { word: this.#say("doctor"), of: (doctor) => doctor.name },
          { word: this.#say("tokens"), of: (doctor) => count(doctor.tokens) },
          { word: this.#say("places"), of: (doctor) => count(doctor.capacity) },
          { word: this.#say("utilisation"), of: (doctor) => share(doctor.utilisation) },
        ],
        rows: doctors,
      },
    });
  }

  #byDoctor(doctors, sums) {
    const { count, minutes, share } = this.#numbers;
    const column = (word, of) => ({ word: this.#say(word), of });
    return table({
      caption: this.#say("by_doctor"),
      columns: [
        column("doctor", (one) => one.name),
        column("tokens", (one) => count(one.tokens)),
        column("average_wait", (one) => minutes(one.averageWait)),
        column("worst_p95", (one) => minutes(one.worstWait)),
        column("no_shows", (one) => share(one.noShows)),
        column("cancelled", (one) => share(one.cancelled)),
        column("delayed_slots", (one) => count(one.delayed)),
        column("longest_delay", (one) => minutes(one.longestDelay)),
        column("overrides", (one) => count(one.overrides)),
        column("promotions", (one) => count(one.promotions)),
      ],
      rows: doctors,
      foot: { ...sums, name: this.#say("total") },
    });
  }

  #dateColumn() {
    return { word: this.#say("date"), of: (day) => this.#time.date(day.date) };
  }

  // A chart in a sentence, for ears: where it is lowest and where it is highest.
  #spread(values, labels, tell = this.#numbers.count) {
    const known = values
      .map((value, place) => ({ value, label: labels[place] }))
      .filter(({ value }) => value !== null && value !== undefined);
    if (!known.length) return this.#say("report_nothing");
    const [low, high] = [(one, other) => one.value - other.value, (one, other) => other.value - one.value].map(
      (order) => [...known].sort(order)[0],
    );
    return this.#say("from_least_to_most", { least: tell(low.value), when: low.label, most: tell(high.value), then: high.label });
  }
}

// The same lines as the interface's own CSV, day after day.
export function fileOf(days) {
  const lines = days.flatMap((day) => [
    ...day.doctors.map((doctor) => ({ date: day.date, ...flat(doctor) })),
    { date: day.date, doctor_id: "total", ...flat(day.totals), ...flat(day.appointments, "appointments.") },
  ]);
  return csvOf([...new Set([...LEADING, ...namesOf(lines)])], lines);
}

function named(doctors) {
  const known = new Map(doctors.map((doctor) => [doctor.id, { id: doctor.id, name: doctor.name }]));
  return [...known.values()].sort((one, other) => one.name.localeCompare(other.name));
}

function total(counts) {
  return Object.values(counts).reduce((sofar, count) => sofar + count, 0);
}
