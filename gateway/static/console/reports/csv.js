// Tables as files for spreadsheets (RFC 4180), and how they come to whoever wants one. Knows cells; not what they mean.

const FORMULA = /^[=+\-@\t\r]/; // a text that begins so is run by spreadsheets; an apostrophe in front makes it text
const QUOTED = /[",\r\n]/;

// `columns`: names of fields, which are the first line, too; what a row does not have stays empty.
export function csvOf(columns, rows) {
  const lines = [columns, ...rows.map((row) => columns.map((name) => row[name]))];
  return lines.map((line) => `${line.map(cell).join(",")}\r\n`).join("");
}

// Nested figures under dotted names, as the interface's own CSV has them; lists are left out.
export function flat(figures, prefix = "") {
  const found = {};
  for (const [name, value] of Object.entries(figures)) {
    if (Array.isArray(value)) continue;
    if (value !== null && typeof value === "object") Object.assign(found, flat(value, `${prefix}${name}.`));
    else found[prefix + name] = value;
  }
  return found;
}

// All names that the rows have, in the order in which they come.
export function namesOf(rows) {
  return [...new Set(rows.flatMap((row) => Object.keys(row)))];
}

export function download(name, text) {
  const address = URL.createObjectURL(new Blob(["\ufeff", text], { type: "text/csv;charset=utf-8" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 10_000); // once the browser has begun to read it
}

function cell(value) {
  if (value === null || value === undefined) return "";
  const text = typeof value === "string" && FORMULA.test(value) ? `'${value}` : String(value);
  return QUOTED.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
