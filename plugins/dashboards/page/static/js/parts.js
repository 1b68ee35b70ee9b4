// What several views are built of: badges, times, tables, states that say what to do next.

import { h } from "./dom.js";
import { NONE, ago, moment, utc, words } from "./format.js";

const TONES = {
  fresh: "good", passed: "good", published: "good", success: "good", succeeded: "good", live: "good", added: "good",
  stale: "warn", late: "warn", warned: "warn", changed: "warn", rollback: "warn", held: "warn", running: "info", staged: "info",
  failed: "bad", rejected: "bad", error: "bad", removed: "bad",
};
const LABELS = { unknown: "Not published", rollback: "Roll-back", publish: "Publication", merge: "Merge" };

/** A state as a word with a mark of its colour; never the colour alone. */
export function badge(state, label = null) {
  if (!state) return h("span", { class: "none" }, NONE);
  return h("span", { class: `badge ${TONES[state] ?? "plain"}` }, label ?? LABELS[state] ?? words(state));
}

/** A moment in the reader's zone with UTC as its title, and its age where asked; ages move with the clock. */
export function time(iso, { age = false, seconds = false } = {}) {
  if (!iso) return h("span", { class: "none" }, NONE);
  const attributes = { datetime: iso, title: `${moment(iso, true)} here, ${utc(iso)}` };
  return h("time", { ...attributes, "data-age": age }, age ? ago(iso) : moment(iso, seconds));
}

setInterval(() => {
  for (const one of document.querySelectorAll("time[data-age]")) one.textContent = ago(one.dateTime);
}, 30_000);

/**
 * A table with a caption, scopes and, where a column can be sorted, a button in its head.
 *
 * columns: [{name, label, number, sortable, head, cell(row)}]; `head` marks the cell that names the row.
 * sort: "name" or "-name"; onsort gets the next one. `stacked` makes cards of the rows on narrow screens.
 */
export function table({ caption, columns, rows, sort = null, onsort = null, stacked = false, id = "table" }) {
  const heads = columns.map((column) => headCell(column, sort, onsort, id));
  const body = rows.map((row) => h("tr", { role: "row" }, columns.map((column) => bodyCell(column, row))));
  const content = h("table", { class: stacked ? "stacked" : null, role: "table" },
    h("caption", { class: "unseen" }, caption),
    h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, heads)),
    h("tbody", { role: "rowgroup" }, body));
  return h("div", { class: "scroll", role: "region", "aria-label": caption, tabindex: "0", id: `${id}-region` }, content);
}

function headCell(column, sort, onsort, id) {
  const descending = sort === `-${column.name}`;
  const active = descending || sort === column.name;
  const order = active ? (descending ? "descending" : "ascending") : "none";
  const classes = column.number ? "number" : null;
  if (!column.sortable) return h("th", { scope: "col", role: "columnheader", class: classes }, column.label);
  const next = active && !descending ? `-${column.name}` : column.name;
  const mark = h("span", { class: "mark", "aria-hidden": "true" }, active ? (descending ? "↓" : "↑") : "↕");
  const press = h("button", { type: "button", id: `${id}-sort-${column.name}`, onclick: () => onsort(next) }, column.label, mark);
  return h("th", { scope: "col", role: "columnheader", "aria-sort": order, class: classes }, press);
}

function bodyCell(column, row) {
  const content = column.cell(row) ?? h("span", { class: "none" }, NONE);
  const attributes = { class: column.number ? "number" : null, "data-label": column.label };
  return column.head
    ? h("th", { ...attributes, scope: "row", role: "rowheader" }, content)
    : h("td", { ...attributes, role: "cell" }, content);
}

/** Nothing to show, or something went wrong: what it is, and what to do next. */
export function state(kind, title, text, ...actions) {
  return h("section", { class: `state ${kind}`, role: kind === "wrong" ? "alert" : null },
    h("h2", {}, title), text ? h("p", {}, text) : null, actions.length ? h("p", { class: "actions" }, actions) : null);
}

/** An error of the API as a state with a button that tries again. */
export function failure(error, again) {
  const titles = { 0: "The API is away", 403: "Not for your role", 404: "There is no such thing here", 410: "This version is gone", 429: "Too many requests" };
  const text = error.status === undefined ? "Something went wrong in this page. Load it again." : error.message;
  const reference = error.requestId ? h("p", { class: "quiet" }, "Request ", h("code", {}, error.requestId)) : null;
  const retry = h("button", { type: "button", class: "primary", id: "again", onclick: again }, "Try again");
  const box = state("wrong", titles[error.status] ?? "This could not be read", text, retry, " ", h("a", { href: "#/" }, "All collections"));
  if (reference) box.append(reference);
  return box;
}

/** Name and value pairs. */
export function facts(pairs) {
  const shown = pairs.filter(([, value]) => value !== null && value !== undefined);
  return h("dl", { class: "facts" }, shown.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
}

/** A labelled select; options are [value, text]. */
export function select(label, id, options, value, onchange) {
  const choice = h("select", { id, onchange: (event) => onchange?.(event.target.value) },
    options.map(([key, text]) => h("option", { value: key, selected: String(key) === String(value ?? "") }, text)));
  return h("div", { class: "field" }, h("label", { for: id }, label), choice);
}

/** Earlier and further pages; a page that cannot be reached is said so and stays in place. */
export function pager({ back, first, next, text }) {
  const button = (href, id, label) => href
    ? h("a", { class: "button", id, href }, label)
    : h("span", { class: "button", id, "aria-disabled": "true" }, label);
  const before = first && !back ? button(first, "first-page", "First page") : button(back, "previous-page", "Previous page");
  return h("nav", { class: "pager", "aria-label": "Pages" }, before, h("span", { class: "quiet" }, text), button(next, "next-page", "Next page"));
}
