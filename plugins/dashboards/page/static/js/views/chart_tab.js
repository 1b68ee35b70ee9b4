// The chart of a collection: chosen by its contract, or else its first date and first number.

import { get } from "../api.js";
import { bars, lineChart } from "../chart.js";
import { h } from "../dom.js";
import { exact, words } from "../format.js";
import { select, state } from "../parts.js";
import { go, link } from "../router.js";
import { WAYS, gather, usualWay } from "../series.js";
import { DAYS, NUMBERS } from "../values.js";
import { nothingFits, notPublished, pinned } from "./data.js";
import { filterBar } from "./filters.js";

const [PAGE, MOST, BARS] = [1000, 20_000, 20];

export async function chartTab({ path, query, summary, base, signal }) {
  if (summary.version === null) return notPublished(summary);
  const here = [...base, "chart"];
  const schema = (await get(`${base.map(encodeURIComponent).join("/")}/schema`, {}, signal)).data;
  const chart = chosen(schema);
  if (!chart) return noChart(base);
  const fields = Object.fromEntries(schema.fields.map((field) => [field.name, field]));
  const read = await rowsFor(chart, fields, base, query, signal);
  if (!read.rows.length) return [filterBar(schema, query, here), nothingFits(query, here)];
  const way = path[4] in WAYS ? path[4] : usualWay(fields[chart.y]);
  const found = gather(read.rows, chart, fields[chart.y], way);
  return [
    filterBar(schema, query, here, found.joined ? ways(way, here, query) : null),
    pinned(read.metadata, summary, query, here),
    h("div", { class: "panel" }, draw(chart, fields, found, way), note(read)),
  ];
}

function chosen(schema) {
  if (schema.chart) return schema.chart;
  const x = schema.fields.find((field) => DAYS.includes(field.type));
  const y = schema.fields.find((field) => NUMBERS.includes(field.type) && !schema.key.includes(field.name));
  return x && y ? { kind: "line", x: x.name, y: y.name, series: null } : null;
}

/** The newest rows first where x can be sorted; an x that may be cut in two is left out. */
async function rowsFor(chart, fields, base, query, signal) {
  const wanted = [chart.x, chart.y, chart.series].filter(Boolean);
  const asked = { ...Object.fromEntries(query), fields: [...new Set(wanted)].join(","), limit: PAGE, cursor: null };
  if (fields[chart.x].sortable) asked.sort = `-${chart.x}`;
  else delete asked.sort;
  const rows = [];
  let page;
  do {
    page = await get(base.map(encodeURIComponent).join("/"), asked, signal);
    for (const row of page.data) rows.push(row);
    asked.cursor = page.metadata.pagination.next_cursor;
  } while (asked.cursor && rows.length < MOST);
  const cut = Boolean(asked.cursor);
  const last = rows.at(-1)?.[chart.x];
  const whole = cut && fields[chart.x].sortable ? rows.filter((row) => row[chart.x] !== last) : rows;
  return { rows: whole.length ? whole : rows, cut, metadata: page.metadata };
}

function ways(way, here, query) {
  const options = Object.entries(WAYS);
  return select("Rows with the same x", "way", options, way, (value) => go(link([...here.slice(0, 3), "chart", value], query)));
}

function draw(chart, fields, found, way) {
  const verb = found.joined ? `${WAYS[way]} of ${words(chart.y).toLowerCase()}` : words(chart.y);
  const title = `${verb} by ${words(chart.x).toLowerCase()}${chart.series ? ` and ${words(chart.series).toLowerCase()}` : ""}`;
  if (chart.kind !== "bar") return lineChart({ title, ...found, dated: DAYS.includes(fields[chart.x].type) });
  const items = found.lines.flatMap((line) => [...line.values].map(([x, value]) => ({ label: line.name ? `${x} · ${line.name}` : String(x), ...value })));
  const highest = items.sort((one, other) => other.number - one.number).slice(0, BARS);
  const cut = items.length > BARS ? `The ${BARS} highest of ${exact(items.length)}.` : "";
  return h("figure", { class: "chart" }, h("figcaption", {}, h("strong", {}, title), " ", h("span", { class: "quiet" }, cut)), bars(highest, title));
}

function note({ rows, cut, metadata }) {
  const text = cut ? `From ${exact(rows.length)} rows of version ${exact(metadata.version)}, not all there are: add a filter to see others.` : `From ${exact(rows.length)} rows of version ${exact(metadata.version)}, all that fit.`;
  return h("p", { class: "quiet" }, text);
}

function noChart(base) {
  return state("empty", "There is nothing to draw", "It has no date beside a number. The contract's chart property can name other fields.",
    h("a", { class: "button", href: link(base) }, "See the table"));
}
