// Charts as SVG, made element by element: columns in stacks, lines, and bars that lie. Each has a title and a
// description for ears; the figures themselves stand in a table beside. Knows numbers and words; not what they are of.

const SVG = "http://www.w3.org/2000/svg";
const [HEIGHT, TOP, FOOT, EDGE] = [220, 12, 26, 46]; // px: of the whole, and of what stands around the plot
const [BAR, NAMES, LEAST] = [28, 140, 300];
let made = 0; // charts on this page: their titles need ids

// A chart in an element, drawn anew when that becomes wider or narrower. `draw(width, backwards)` gives the SVG's parts
// and height; backwards where text runs from right to left, and so does time.
export function chart({ title, description, draw, classes = "" }) {
  const number = (made += 1);
  const svg = shape("svg", {
    class: `chart ${classes}`.trim(),
    role: "img",
    "aria-labelledby": `chart-${number}-title`,
    "aria-describedby": `chart-${number}-text`,
  });
  const heading = shape("title", { id: `chart-${number}-title` }, title);
  const text = shape("desc", { id: `chart-${number}-text` }, description);
  svg.append(heading, text); // it has its name before it is drawn, too
  const holder = document.createElement("div");
  holder.className = "chart-holder";
  holder.append(svg);
  let drawn = 0;
  const show = () => {
    // Letters and bars grow with those of the page: on a wall they are larger.
    const unit = parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
    const width = Math.max(Math.round(holder.clientWidth / unit), LEAST);
    if (width === drawn) return;
    drawn = width;
    const { parts, height } = draw(width, getComputedStyle(holder).direction === "rtl");
    const size = { width: Math.floor(width * unit), height: Math.round(height * unit), viewBox: `0 0 ${width} ${height}` };
    for (const [name, value] of Object.entries(size)) svg.setAttribute(name, value);
    svg.replaceChildren(heading, text, ...parts);
  };
  new ResizeObserver(show).observe(holder);
  return holder;
}

// For each label a column, of each series a piece of it. `series`: [{name, values}]; `tell`: a number as it is written.
export function columns({ labels, series, tell, ...more }) {
  const sums = labels.map((_, place) => series.reduce((sofar, { values }) => sofar + (values[place] ?? 0), 0));
  return chart({
    ...more,
    classes: "columns",
    draw: (width, backwards) => {
      const frame = framed(width, backwards, Math.max(...sums, 0), labels, tell);
      const wide = Math.min(frame.step * 0.7, 48);
      const parts = labels.flatMap((_, place) => {
        let below = 0;
        return series.map(({ name, values }, order) => {
          const value = values[place] ?? 0;
          const from = frame.y(below);
          below += value;
          const size = { x: frame.x(place) - wide / 2, y: frame.y(below), width: wide, height: Math.max(from - frame.y(below), 0) };
          return value
            ? shape("rect", { ...size, class: `series series-${order + 1}` }, hint(`${labels[place]} · ${name}: ${tell(value)}`))
            : null;
        });
      });
      return { parts: [...frame.parts, ...parts.filter(Boolean)], height: HEIGHT };
    },
  });
}

// For each series a line over the labels; where nothing is known (null) it has a gap.
export function lines({ labels, series, tell, ...more }) {
  const highest = Math.max(...series.flatMap(({ values }) => values.map((value) => value ?? 0)), 0);
  return chart({
    ...more,
    classes: "lines",
    draw: (width, backwards) => {
      const frame = framed(width, backwards, highest, labels, tell);
      const parts = series.flatMap(({ name, values }, order) => {
        const points = values.map((value, place) => (known(value) ? [frame.x(place), frame.y(value)] : null));
        const path = points.map((point, place) => point && `${points[place - 1] ? "L" : "M"}${point.map(rounded).join(" ")}`);
        const dots = points.map(
          (point, place) =>
            point &&
            shape(
              "circle",
              { cx: rounded(point[0]), cy: rounded(point[1]), r: 3.5, class: `dot series-${order + 1}` },
              hint(`${labels[place]} · ${name}: ${tell(values[place])}`),
            ),
        );
        return [shape("path", { d: path.filter(Boolean).join(""), class: `line series-${order + 1}` }), ...dots.filter(Boolean)];
      });
      return { parts: [...frame.parts, ...parts], height: HEIGHT };
    },
  });
}

// For each row a bar that lies: `rows`: [{name, values}], a piece for each series; `most`: what the whole width is.
export function bars({ rows, series, tell, most, ...more }) {
  const sum = ({ values }) => values.reduce((sofar, value) => sofar + (value ?? 0), 0);
  const whole = most ?? nice(Math.max(...rows.map(sum), 0));
  return chart({
    ...more,
    classes: "bars",
    draw: (width, backwards) => {
      const names = Math.min(NAMES, width * 0.36);
      const room = width - names - EDGE;
      const mirrored = (x, wide = 0) => (backwards ? width - x - wide : x);
      const parts = rows.flatMap((row, place) => {
        const middle = TOP + place * BAR + BAR / 2;
        let before = names;
        const pieces = row.values.map((value, order) => {
          const wide = Math.max(0, (Math.min(value ?? 0, whole) / (whole || 1)) * room);
          const size = { x: mirrored(before, wide), y: middle - 8, width: wide, height: 16 };
          before += wide;
          return wide
            ? shape("rect", { ...size, class: `series series-${order + 1}` }, hint(`${row.name} · ${series[order]}: ${tell(value)}`))
            : null;
        });
        const named = shape(
          "text",
          { x: mirrored(names - 8), y: middle + 4, "text-anchor": "end", class: "name" },
          shortened(row.name, names),
          hint(row.name),
        );
        const said = shape("text", { x: mirrored(before + 6), y: middle + 4, class: "value" }, row.said ?? tell(sum(row)));
        return [named, ...pieces.filter(Boolean), said];
      });
      return {
        parts: [shape("line", { x1: mirrored(names), x2: mirrored(names), y1: TOP, y2: TOP + rows.length * BAR, class: "axis" }), ...parts],
        height: TOP * 2 + rows.length * BAR,
      };
    },
  });
}

// The names of the series beside their colours; the table says the rest.
export function legend(names, lined = false) {
  const list = document.createElement("ul");
  list.className = lined ? "legend lined" : "legend";
  names.forEach((name, order) => {
    const item = document.createElement("li");
    const swatch = document.createElement("span");
    swatch.className = `swatch series-${order + 1}`;
    item.append(swatch, name);
    list.append(item);
  });
  return list;
}

// The next round number that is not below one, and whose half is round, too.
export function nice(value) {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const rounds = power > 1 ? [1, 1.2, 1.6, 2, 3, 4, 5, 6, 8, 10] : [1, 2, 4, 6, 8, 10];
  return rounds.map((times) => times * power).find((round) => round >= value - 1e-9);
}

function framed(width, backwards, highest, labels, tell) {
  const [top, step] = [nice(highest), (width - EDGE) / Math.max(labels.length, 1)];
  const plot = HEIGHT - TOP - FOOT;
  const mirrored = (x) => (backwards ? width - x : x);
  const x = (place) => mirrored(EDGE + step * (place + 0.5));
  const y = (value) => TOP + plot * (1 - value / top);
  const grid = [0, 0.25, 0.5, 0.75, 1].flatMap((part) => [
    shape("line", { x1: mirrored(EDGE), x2: mirrored(width), y1: y(top * part), y2: y(top * part), class: part ? "grid" : "axis" }),
    part && part !== 1 && part !== 0.5
      ? null
      : shape("text", { x: mirrored(EDGE - 6), y: y(top * part) + 4, "text-anchor": "end", class: "value" }, tell(top * part)),
  ]);
  const apart = Math.max(1, Math.ceil(64 / step)); // so that labels do not meet
  const names = labels.map((label, place) =>
    place % apart ? null : shape("text", { x: x(place), y: HEIGHT - 8, "text-anchor": "middle", class: "name" }, label),
  );
  return { x, y, step, parts: [...grid, ...names].filter(Boolean) };
}

function shape(tag, attributes, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, typeof value === "number" ? rounded(value) : value);
  element.append(...children);
  return element;
}

function hint(text) {
  return shape("title", {}, text);
}

function known(value) {
  return value !== null && value !== undefined;
}

function rounded(value) {
  return Math.round(value * 10) / 10;
}

function shortened(text, wide) {
  const fits = Math.floor(wide / 7.5);
  return text.length > fits ? `${text.slice(0, fits - 1)}…` : text;
}
