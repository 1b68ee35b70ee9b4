// The runs of a collection, newest first.

import { get } from "../api.js";
import { h } from "../dom.js";
import { count, duration, exact, words } from "../format.js";
import { stations } from "../flow.js";
import { badge, pager, select, state, table, time } from "../parts.js";
import { changed, go, link } from "../router.js";

const STATES = ["running", "extracted", "published", "unchanged", "dry_run", "failed"];
const LIMIT = 25;

export async function runs({ query, summary, base, signal }) {
  const here = [...base, "runs"];
  const page = await get(here.map(encodeURIComponent).join("/"), { limit: LIMIT, ...Object.fromEntries(query) }, signal);
  const found = page.data;
  const choice = select("State", "state", [["", "All"], ...STATES.map((one) => [one, words(one)])], query.get("state"),
    (value) => go(link(here, changed(query, { state: value, cursor: null }))));
  return [h("div", { class: "tools" }, choice), found.length ? listing(found, page, query, here, summary) : none(query, here)];
}

function listing(found, page, query, here, summary) {
  const next = page.metadata.pagination?.next_cursor;
  const at = (cursor) => link(here, changed(query, { cursor }));
  return [
    table({ id: "runs", caption: `Runs of ${summary.name}, newest first`, columns: COLUMNS, rows: found, stacked: true }),
    pager({ first: query.get("cursor") ? at(null) : null, next: next ? at(next) : null, text: count(found.length, "run") }),
  ];
}

const COLUMNS = [
  { name: "run", label: "Run", head: true, cell: (one) => h("a", { class: "title text", href: link(["runs", one.id]) }, one.run_id) },
  { name: "state", label: "State", cell: (one) => h("div", {}, badge(one.state), one.error ? h("p", { class: "quiet clamp" }, one.error) : null) },
  { name: "started", label: "Started", cell: (one) => h("div", {}, time(one.started), h("p", { class: "quiet" }, time(one.started, { age: true }))) },
  { name: "seconds", label: "Took", number: true, cell: (one) => duration(one.seconds) },
  { name: "version", label: "Version", number: true, cell: (one) => exact(one.version) },
  { name: "verdict", label: "Check", cell: (one) => badge(one.verdict) },
  { name: "ledger", label: "Records", cell: (one) => ledger(one.ledger) },
];

function ledger(found) {
  if (!found) return null;
  const ends = stations(found).filter((one) => one.number).map((one) => `${exact(one.number)} ${one.label.toLowerCase()}`);
  return h("div", {}, h("span", { class: "tabular" }, `${exact(found.read)} read`), h("p", { class: "quiet" }, ends.join(", ")));
}

function none(query, here) {
  if (query.size) return state("empty", "No run fits", "Choose another state.", h("a", { class: "button", href: link(here) }, "All runs"));
  return state("empty", "It has not run yet", "Start its DAG in Airflow, or make run; each run shows here with its ledger and checks.");
}
