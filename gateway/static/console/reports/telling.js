// What several reports say alike: short names of days, and averages of averages. Knows no report.

// "04.02.", for the foot of a chart.
export function dayLabel(date) {
  return `\u2066${date.slice(8)}.${date.slice(5, 7)}.\u2069`;
}

// The average of several days' averages, each as heavy as `weight` says; null where there is none.
export function weighed(days, value, weight) {
  const known = days.filter((day) => value(day) !== null && weight(day) > 0);
  const whole = known.reduce((sofar, day) => sofar + weight(day), 0);
  return whole ? known.reduce((sofar, day) => sofar + value(day) * weight(day), 0) / whole : null;
}
