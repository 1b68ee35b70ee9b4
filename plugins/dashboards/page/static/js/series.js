// Rows into what a chart draws: one value for each x and series, summed exactly.

import { exact, rounded } from "./format.js";

export const WAYS = { sum: "Sum", average: "Average", highest: "Highest" };
const MOST_SERIES = 6;

/** How rows that share an x are joined unless the reader says: amounts add up, measured numbers do not. */
export function usualWay(field) {
  return field.type === "number" ? "average" : "sum";
}

/**
 * {xs, lines: [{name, values: Map(x -> {number, text})}], joined}; `joined` tells that rows share an x.
 * The series with the highest totals keep their names, the others become one.
 */
export function gather(rows, { x, y, series }, field, way) {
  const cells = new Map();
  let joined = false;
  for (const row of rows) {
    if (row[x] === null || row[y] === null) continue;
    const name = series ? String(row[series] ?? "none") : "";
    const line = cells.get(name) ?? cells.set(name, new Map()).get(name);
    joined ||= line.has(row[x]);
    line.set(row[x], added(line.get(row[x]), row[y], field));
  }
  const lines = ranked(cells).map(([name, line]) => ({
    name, values: new Map([...line].map(([at, cell]) => [at, result(cell, field, way)])),
  }));
  const xs = [...new Set(lines.flatMap((line) => [...line.values.keys()]))].sort(compare);
  return { xs, lines, joined };
}

function compare(a, b) {
  return typeof a === "number" && typeof b === "number" ? a - b : a < b ? -1 : a > b ? 1 : 0;
}

/** A cell is {count, units, scale, highest}: units are whole numbers of 10^-scale, so that no sum rounds. */
function added(cell, value, field) {
  const one = field.type === "number" ? { units: value, scale: 0 } : parsed(String(value));
  if (!cell) return { count: 1, units: one.units, scale: one.scale, highest: one.units };
  const [a, b, scale] = aligned(cell, one);
  const high = aligned({ units: cell.highest, scale: cell.scale }, one)[0];
  return { count: cell.count + 1, units: a + b, scale, highest: high > b ? high : b };
}

function parsed(text) {
  const [whole, decimals = ""] = text.split(".");
  return { units: BigInt(whole + decimals), scale: decimals.length };
}

function aligned(one, other) {
  if (one.scale === other.scale) return [one.units, other.units, one.scale];
  const scale = Math.max(one.scale, other.scale);
  const up = (value) => value.units * 10n ** BigInt(scale - value.scale);
  return [up(one), up(other), scale];
}

function result(cell, field, way) {
  if (field.type === "number" || way === "average") {
    const total = field.type === "number" ? cell.units : Number(cell.units) / 10 ** cell.scale;
    const number = way === "average" ? total / cell.count : way === "highest" ? cell.highest : total;
    return { number, text: rounded(number) };
  }
  const units = way === "highest" ? cell.highest : cell.units;
  return { number: Number(units) / 10 ** cell.scale, text: exact(decimal(units, cell.scale)) };
}

/** Units of 10^-scale as decimal text. */
export function decimal(units, scale) {
  const digits = (units < 0n ? -units : units).toString().padStart(scale + 1, "0");
  const text = scale ? `${digits.slice(0, -scale)}.${digits.slice(-scale)}` : digits;
  return units < 0n ? `-${text}` : text;
}

function ranked(cells) {
  const total = ([, line]) => [...line.values()].reduce((sum, cell) => sum + Number(cell.units) / 10 ** cell.scale, 0);
  const sorted = [...cells].sort((one, other) => total(other) - total(one));
  if (sorted.length <= MOST_SERIES) return sorted;
  const rest = new Map();
  for (const [, line] of sorted.slice(MOST_SERIES - 1)) {
    for (const [at, cell] of line) rest.set(at, rest.has(at) ? merged(rest.get(at), cell) : cell);
  }
  return [...sorted.slice(0, MOST_SERIES - 1), [`${sorted.length - MOST_SERIES + 1} others`, rest]];
}

function merged(one, other) {
  const [units, more, scale] = aligned(one, other);
  const [a, b] = aligned({ units: one.highest, scale: one.scale }, { units: other.highest, scale: other.scale });
  return { count: one.count + other.count, units: units + more, scale, highest: a > b ? a : b };
}
