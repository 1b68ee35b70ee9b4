// All collections: what is fresh, how old, how big, and whether the last run's data passed.

import { get } from "../api.js";
import { h, say } from "../dom.js";
import { count, exact } from "../format.js";
import { badge, select, state, table, time } from "../parts.js";
import { changed, current, link, note } from "../router.js";

const FRESHNESS = [["", "All"], ["fresh", "Fresh"], ["stale", "Stale"], ["unknown", "Not published"]];
const RANK = { stale: 0, unknown: 1, fresh: 2, failed: 0, warned: 1, passed: 2 };
// What each column sorts by; values that are not there come last.
const SORTS = {
  name: (one) => one.name,
  freshness: (one) => RANK[one.freshness],
  data_as_of: (one) => one.data_as_of,
  version: (one) => one.version,
  rows: (one) => one.rows,
  verdict: (one) => RANK[one.verdict],
  owner: (one) => one.owner,
};

export async function collections({ signal }) {
  const all = (await get("collections", {}, signal)).data;
  const results = h("div", { class: "results" });
  const draw = () => results.replaceChildren(...listing(all, draw));
  draw();
  const content = [
    h("div", { class: "head" }, h("h1", { tabindex: "-1" }, "Collections"), tiles(all, draw)),
    h("search", {}, h("form", { class: "tools", onsubmit: (event) => event.preventDefault() }, ...tools(draw))),
    results,
  ];
  return { title: "Collections", content };
}

function tools(draw) {
  const { query } = current();
  const text = h("input", { id: "search", type: "search", value: query.get("q") ?? "", placeholder: "Name, description or owner", autocomplete: "off" });
  text.addEventListener("input", () => set({ q: text.value }, draw));
  const freshness = select("Freshness", "freshness", FRESHNESS, query.get("freshness"), (value) => set({ freshness: value }, draw));
  // Where rows are cards there are no heads to sort by.
  const orders = COLUMNS.flatMap(({ name, label }) => [[name, `${label}, rising`], [`-${name}`, `${label}, falling`]]);
  const order = select("Order", "order", orders, query.get("sort") ?? "name", (value) => set({ sort: value }, draw));
  order.classList.add("narrow");
  return [h("div", { class: "field grow" }, h("label", { for: "search" }, "Search"), text), freshness, order];
}

/** How many there are of each freshness; each is a way to see these alone. */
function tiles(all, draw) {
  const tile = ([value, label]) => {
    const found = value ? all.filter((one) => one.freshness === value).length : all.length;
    const choose = () => { document.getElementById("freshness").value = value; set({ freshness: value }, draw); };
    return h("button", { type: "button", class: `tile ${value || "all"}`, id: `tile-${value || "all"}`, onclick: choose },
      h("strong", {}, exact(found)), h("span", {}, value ? label : "All"));
  };
  return h("div", { class: "tiles" }, FRESHNESS.map(tile));
}

/** Keeps the address in step without loading anything anew: all collections are here already. */
function set(values, draw) {
  const { path, query } = current();
  note(link(path, changed(query, values)));
  draw();
}

function listing(all, draw) {
  const { query } = current();
  const found = ordered(matching(all, query), query.get("sort") ?? "name");
  const text = found.length === all.length ? count(all.length, "collection") : `${exact(found.length)} of ${count(all.length, "collection")}`;
  say(`${text} shown.`);
  if (!all.length) return [none()];
  if (!found.length) return [nothingFits(draw)];
  const onsort = (sort) => {
    set({ sort: sort === "name" ? null : sort }, draw);
    document.getElementById(`collections-sort-${sort.replace("-", "")}`)?.focus();
  };
  const sort = query.get("sort") ?? "name";
  return [
    h("p", { class: "quiet count" }, text),
    table({ id: "collections", caption: "Collections", columns: COLUMNS, rows: found, sort, onsort, stacked: true }),
  ];
}

function matching(all, query) {
  const words = (query.get("q") ?? "").toLowerCase().split(/\s+/).filter(Boolean);
  const freshness = query.get("freshness");
  return all.filter((one) => {
    const text = `${one.name} ${one.description} ${one.owner}`.toLowerCase();
    return (!freshness || one.freshness === freshness) && words.every((word) => text.includes(word));
  });
}

function ordered(found, sort) {
  const name = sort.replace(/^-/, "");
  const [value, turn] = [SORTS[name] ?? SORTS.name, sort.startsWith("-") ? -1 : 1];
  const compare = (one, other) => {
    const [a, b] = [value(one) ?? null, value(other) ?? null];
    if (a === null || b === null) return (a === null) - (b === null);
    return turn * (typeof a === "number" ? a - b : String(a).localeCompare(String(b)));
  };
  return found.toSorted((one, other) => compare(one, other) || one.name.localeCompare(other.name));
}

const COLUMNS = [
  { name: "name", label: "Collection", sortable: true, head: true, cell: nameCell },
  { name: "freshness", label: "Freshness", sortable: true, cell: freshnessCell },
  { name: "data_as_of", label: "Data as of", sortable: true, cell: (one) => time(one.data_as_of, { age: true }) },
  { name: "version", label: "Version", sortable: true, number: true, cell: (one) => exact(one.version) },
  { name: "rows", label: "Rows", sortable: true, number: true, cell: (one) => exact(one.rows) },
  { name: "verdict", label: "Last check", sortable: true, cell: (one) => badge(one.verdict) },
  { name: "owner", label: "Owner", sortable: true, cell: (one) => one.owner },
];

function nameCell(one) {
  const [domain, subject] = one.name.split("/");
  return [
    h("a", { class: "title", href: link(["collections", domain, subject]) }, one.name),
    h("p", { class: "quiet clamp" }, one.description),
  ];
}

function freshnessCell(one) {
  return h("div", {}, h("div", { class: "badges" }, badge(one.freshness), one.held ? badge("held", "Held") : null), behind(one));
}

/** A source that is behind or down does not make the whole stale, and is said all the same. */
function behind(one) {
  const late = (one.sources ?? []).filter((source) => source.error || source.freshness === "stale");
  return late.length ? h("p", { class: "quiet" }, `Behind: ${late.map((source) => source.name).join(", ")}`) : null;
}

function none() {
  return state("empty", "There is no collection for you yet",
    "A collection shows here as soon as its contract is there; `make run` publishes the sample. Collections that your role may not read are not listed.");
}

function nothingFits(draw) {
  const clear = () => {
    document.getElementById("search").value = "";
    document.getElementById("freshness").value = "";
    set({ q: null, freshness: null }, draw);
    document.getElementById("search").focus();
  };
  return state("empty", "No collection fits", "Search for another word, or take the filters away.",
    h("button", { type: "button", id: "clear", onclick: clear }, "Clear search and filter"));
}
