// Records that could not be used, by the rule that rejected them; they are kept whole and can be replayed.

import { get } from "../api.js";
import { bars } from "../chart.js";
import { h } from "../dom.js";
import { count, exact, words } from "../format.js";
import { badge, pager, state, table } from "../parts.js";
import { changed, link } from "../router.js";

const LIMIT = 50;

export async function deadLetters({ query, summary, base, signal }) {
  const here = [...base, "dead-letters"];
  const page = await get(here.map(encodeURIComponent).join("/"), { limit: LIMIT, ...Object.fromEntries(query) }, signal);
  const { rules, records } = page.data;
  if (!Object.keys(rules ?? {}).length && !records.length) return none(query, here);
  const next = page.metadata.pagination?.next_cursor;
  const at = (cursor) => link(here, changed(query, { cursor }));
  return [
    h("section", { class: "panel", "aria-labelledby": "reasons" }, h("h2", { id: "reasons" }, "By rule"), reasons(rules, query, here)),
    table({ id: "letters", caption: `Dead letters of ${summary.name}`, columns: COLUMNS, rows: records, stacked: true }),
    pager({ first: query.get("cursor") ? at(null) : null, next: next ? at(next) : null, text: count(records.length, "record") }),
    h("p", { class: "quiet" }, "Put right what the reason names, then replay them: docs/operations.md says how."),
  ];
}

function reasons(rules, query, here) {
  const chosen = query.get("rule");
  const items = Object.entries(rules).sort(([, one], [, other]) => other - one).map(([rule, number]) => ({
    label: h("a", { href: link(here, { rule: rule === chosen ? null : rule }), "aria-current": rule === chosen ? "true" : null }, rule),
    number, text: exact(number), tone: "bad",
  }));
  const all = chosen ? h("p", {}, h("a", { class: "button", href: link(here) }, "All rules")) : null;
  return [bars(items, "Dead letters by rule"), all];
}

const COLUMNS = [
  { name: "rule", label: "Rule", head: true, cell: (one) => [one.rule, one.replayed ? [" ", badge("passed", "Replayed")] : null] },
  { name: "reason", label: "Reason", cell: (one) => h("div", {}, h("span", { class: "text" }, one.reason), one.field ? h("p", { class: "quiet" }, `Field ${one.field}`) : null) },
  { name: "item", label: "Where", cell: where },
  { name: "record", label: "Record", cell: (one) => record(one.record) },
  { name: "run", label: "Run", cell: (one) => h("span", { class: "text quiet" }, one.run_id) },
];

function where(one) {
  const place = [one.position === null ? null : `position ${exact(one.position)}`, one.source ? `source ${one.source}` : null].filter(Boolean).join(", ");
  return h("div", {}, h("span", { class: "text" }, one.item), place ? h("p", { class: "quiet" }, place) : null);
}

function record(found) {
  const text = typeof found === "string" ? found : JSON.stringify(found, null, 1);
  return h("details", {}, h("summary", {}, "Show"), h("pre", { class: "json" }, pretty(text)));
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 1);
  } catch {
    return text;
  }
}

function none(query, here) {
  if (query.size) return state("empty", `No dead letter of ${words(query.get("rule") ?? "this kind")}`, "Choose another rule.", h("a", { class: "button", href: link(here) }, "All rules"));
  return state("empty", "No dead letters", "Every record that was read could be used, or was left out by a rule of the contract.");
}
