// The overview: what is fresh, which pipelines fail or are late, and how it went over the last days.

import { get } from "../api.js";
import { lineChart } from "../chart.js";
import { h } from "../dom.js";
import { count, duration, exact, share, words } from "../format.js";
import { badge, state, table, time } from "../parts.js";
import { changed, go, link } from "../router.js";
import { gather } from "../series.js";

const WHOLE_PAGE = 1000;
const COUNTED = { type: "integer" };

export async function monitoring({ query, signal }) {
  const [stats, syncs, days, users] = await Promise.all([
    get("stats", {}, signal),
    part("sync-status", { limit: WHOLE_PAGE }, signal),
    part("summary", { limit: WHOLE_PAGE, sort: "-date" }, signal),
    part("user-vitals", { limit: WHOLE_PAGE }, signal),
  ]);
  const content = [
    h("div", { class: "head" }, h("h1", { tabindex: "-1" }, "Monitoring"), tiles(stats.data)),
    section("Pipelines", syncs, (page) => pipelines(page, query)),
    section("Runs by day", days, trend),
    section("Users and owners", users, (page) => listing("user_vitals", "Users and owners", OWNERS, page, page.data, query)),
  ];
  return { title: "Monitoring", content };
}

/** A page of a monitoring collection; {missing} says in the API's words what to run. */
async function part(name, parameters, signal) {
  try {
    return await get(name, parameters, signal);
  } catch (error) {
    if ([403, 404].includes(error.status)) return { missing: error.message };
    throw error;
  }
}

function tiles(stats) {
  const tile = (number, label, tone, href) => h(href ? "a" : "div", { class: `tile ${tone}`, href }, h("strong", {}, exact(number)), h("span", {}, label));
  const fresh = Object.entries({ fresh: "Fresh", stale: "Stale", unknown: "Not published" });
  return h("div", { class: "tiles" },
    fresh.map(([name, label]) => tile(stats.freshness[name], label, name, link([], { freshness: name }))),
    tile(stats.rows, "Rows live", "all"),
    tile(stats.published_24h, "Published, 24 h", "all"),
    tile(stats.runs.failed, "Runs failed, 24 h", stats.runs.failed ? "failed" : "all"));
}

function section(title, page, body) {
  const inner = page.missing ? state("empty", "Not published yet", page.missing)
    : page.data.length ? body(page) : state("empty", "Nothing yet", "It shows after the first runs.");
  return h("section", { class: "block", "aria-label": title }, h("h2", {}, title), inner);
}

function pipelines(page, query) {
  const worried = (row) => row.state === "failed" || row.failure_streak > 0 || ["late", "stale"].includes(row.freshness);
  const first = page.data.filter(worried);
  const text = first.length ? `${exact(first.length)} of ${count(page.data.length, "pipeline")} need attention.` : `${count(page.data.length, "pipeline")}, all well.`;
  const rows = [...first, ...page.data.filter((row) => !worried(row))];
  return [h("p", { class: first.length ? "notice warn" : "quiet" }, text), listing("sync_status", "Pipelines", PIPELINES, page, rows, query)];
}

const PIPELINES = [
  { name: "pipeline", label: "Pipeline", head: true, cell: (row) => [h("span", { class: "title text" }, row.pipeline), h("p", { class: "quiet" }, [row.system, row.owner].filter(Boolean).join(", "))] },
  { name: "state", label: "Last run", cell: (row) => h("div", {}, badge(row.state), " ", time(row.last_run_at, { age: true }), row.last_error && row.state !== "success" ? h("p", { class: "quiet clamp" }, row.last_error) : null) },
  { name: "freshness", label: "Freshness", cell: (row) => badge(row.freshness, words(row.freshness)) },
  { name: "lag_seconds", label: "Since success", number: true, cell: (row) => duration(row.lag_seconds) },
  { name: "next_expected_at", label: "Next expected", cell: (row) => time(row.next_expected_at, { age: true }) },
  { name: "failure_streak", label: "Failed, 7 days", cell: (row) => h("div", {}, `${exact(row.failures_7d)} of ${exact(row.runs_7d)}`, row.failure_streak ? h("p", { class: "quiet" }, `${exact(row.failure_streak)} in a row`) : null) },
  { name: "last_rows", label: "Rows", number: true, cell: (row) => exact(row.last_rows) },
];
const OWNERS = [
  { name: "owner", label: "User or owner", head: true, cell: (row) => h("span", { class: "title text" }, row.owner) },
  { name: "runs", label: "Runs", number: true, cell: (row) => exact(row.runs) },
  { name: "success_rate", label: "Success", number: true, cell: (row) => share(row.success_rate, 1) },
  { name: "median_seconds", label: "Median time", number: true, cell: (row) => duration(row.median_seconds) },
  { name: "p95_seconds", label: "95th percentile", number: true, cell: (row) => duration(row.p95_seconds) },
  { name: "rows", label: "Rows", number: true, cell: (row) => exact(row.rows) },
  { name: "last_activity_at", label: "Last activity", cell: (row) => time(row.last_activity_at, { age: true }) },
];

/** Sorted here, since all rows are here; more than one page is read where filters and pages are. */
function listing(subject, caption, columns, page, rows, query) {
  const sort = query.get(subject);
  const name = sort?.replace(/^-/, "");
  const ordered = name ? rows.toSorted((one, other) => (sort.startsWith("-") ? -1 : 1) * compare(one[name], other[name])) : rows;
  const onsort = (next) => go(link(["monitoring"], changed(query, { [subject]: next })));
  const cut = page.metadata.pagination.next_cursor ? `The first ${exact(rows.length)}. ` : "";
  return [
    table({ id: subject, caption, columns: columns.map((one) => ({ ...one, sortable: true })), rows: ordered, sort, onsort, stacked: true }),
    h("p", { class: "quiet" }, cut, h("a", { href: link(["collections", "monitoring", subject]) }, "All rows and fields, with filters and chart")),
  ];
}

function compare(one, other) {
  const [a, b] = [one ?? null, other ?? null];
  if (a === null || b === null) return (a === null) - (b === null);
  return typeof a === "number" ? a - b : String(a).localeCompare(String(b));
}

/** Runs and failures of all systems together; a day that the page cuts in two is left out. */
function trend(page) {
  const last = page.data.at(-1).date;
  const rows = page.metadata.pagination.next_cursor ? page.data.filter((row) => row.date !== last) : page.data;
  const drawn = ["runs", "failed"].map((y) => gather(rows, { x: "date", y, series: null }, COUNTED, "sum"));
  const lines = drawn.map((one, index) => ({ name: ["Runs", "Failed"][index], values: one.lines[0]?.values ?? new Map() }));
  return h("div", { class: "panel" }, lineChart({ title: "Runs and failures by day", xs: drawn[0].xs, lines, dated: true, id: "trend" }));
}
