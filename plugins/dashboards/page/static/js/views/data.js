// The rows of one version: filters of the contract, an order, and pages that never mix two versions.

import { get } from "../api.js";
import { h } from "../dom.js";
import { count, exact, words } from "../format.js";
import { pager, state, table, time } from "../parts.js";
import { changed, go, link } from "../router.js";
import { NUMBERS, shown } from "../values.js";
import { columnMenu, filterBar } from "./filters.js";

const CONTROLS = ["sort", "fields", "limit", "cursor", "version"];
const LIMIT = 50;
const before = new Map(); // listing and cursor -> the cursor of the page before it; "" for the first page

export async function data({ query, summary, base, signal }) {
  if (summary.version === null) return notPublished(summary);
  const path = base.map(encodeURIComponent).join("/");
  const [{ data: schema }, page] = await Promise.all([
    get(`${path}/schema`, {}, signal),
    get(path, { limit: LIMIT, ...Object.fromEntries(query) }, signal),
  ]);
  return [
    filterBar(schema, query, base, columnMenu(schema, query, base)),
    pinned(page.metadata, summary, query, base),
    page.metadata.pagination.returned ? rows(schema, page, query, base) : nothingFits(query, base),
  ];
}

/** Which version the rows are from, where that is not simply the live one. */
export function pinned(metadata, summary, query, base) {
  if (metadata.version === summary.version) return null;
  return h("p", { class: "notice", role: "note" }, `Version ${exact(metadata.version)}, published `, time(metadata.published_at),
    `. Live is version ${exact(summary.version)}. `,
    h("a", { href: link(base, changed(query, { version: null, cursor: null })) }, "Go to the live one"));
}

function rows(schema, page, query, base) {
  const { next_cursor: next } = page.metadata.pagination;
  const cursor = query.get("cursor") ?? "";
  const listing = (one) => link(base, changed(query, { cursor: one, fields: null, version: null }));
  if (next) before.set(listing(next), cursor);
  const known = before.get(listing(cursor));
  const at = (value) => link(base, changed(query, { cursor: value }));
  const caption = `Rows of ${base.slice(1).join("/")}, version ${page.metadata.version}`;
  const onsort = (sort) => go(link(base, changed(query, { sort, cursor: null })));
  const sort = query.get("sort") ?? schema.key[0];
  return [
    table({ id: "rows", caption, columns: columns(schema, query), rows: page.data, sort, onsort }),
    pager({
      back: cursor && known !== undefined ? at(known) : null,
      first: cursor ? at(null) : null,
      next: next ? at(next) : null,
      text: counted(page.metadata, query),
    }),
  ];
}

function counted({ version, pagination }, query) {
  const { returned, estimated_count: estimated } = pagination;
  const filtered = [...query.keys()].some((name) => !CONTROLS.includes(name));
  const whole = !query.get("cursor") && !pagination.next_cursor;
  const total = whole || estimated === null || estimated === undefined ? "" : ` of ${filtered ? "about " : ""}${exact(estimated)}`;
  return `${exact(returned)}${total} ${total || returned !== 1 ? "rows" : "row"}, version ${exact(version)}`;
}

function columns(schema, query) {
  const chosen = query.get("fields")?.split(",");
  return schema.fields.filter((field) => !chosen || chosen.includes(field.name)).map((field) => ({
    name: field.name,
    label: words(field.name),
    sortable: field.sortable,
    number: NUMBERS.includes(field.type),
    cell: (row) => shown(field, row[field.name], schema.key.includes(field.name)),
  }));
}

export function nothingFits(query, base) {
  const kept = Object.fromEntries([...query].filter(([name]) => ["version", "sort", "fields"].includes(name)));
  return state("empty", "No row fits", "Widen or take away a filter.",
    h("a", { class: "button", href: link(base, kept) }, "Take all filters away"));
}

export function notPublished(summary) {
  const dag = `vitrine_${summary.name.replace("/", "_")}_v${summary.contract_version.split(".")[0]}`;
  return state("empty", "Nothing of it is published yet",
    `Run its DAG, ${dag}, in Airflow (or make run for all); the rows show here after the first publication.`);
}
