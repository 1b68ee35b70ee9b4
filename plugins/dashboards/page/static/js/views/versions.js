// The versions that are retained: who made each and why, and what changed between two of them.

import { get } from "../api.js";
import { h } from "../dom.js";
import { count, exact } from "../format.js";
import { badge, select, state, table, time } from "../parts.js";
import { changed, current, go, link } from "../router.js";
import { notPublished } from "./data.js";

export async function versions({ query, summary, base, signal }) {
  const path = base.map(encodeURIComponent).join("/");
  const all = (await get(`${path}/versions`, {}, signal)).data;
  if (!all.length) return notPublished(summary);
  const caption = `Retained versions of ${summary.name}, newest first`;
  return [
    table({ id: "versions", caption, columns: columns(all, base), rows: all, stacked: true }),
    all.length > 1 ? await comparison(all, query, base, path, signal)
      : h("p", { class: "quiet" }, "There is one version; what changed shows from the second on."),
  ];
}

function columns(all, base) {
  const rows = Object.fromEntries(all.map((one, index) => [one.version, [one.rows, all[index + 1]?.rows]]));
  return [
    { name: "version", label: "Version", head: true, cell: (one) => [h("a", { href: link(base, { version: one.live ? null : one.version }), class: "title" }, exact(one.version)), one.live ? [" ", badge("live")] : null] },
    { name: "kind", label: "Kind", cell: (one) => h("div", {}, badge(one.kind), one.restored ? h("p", { class: "quiet" }, `Back to version ${exact(one.restored)}`) : null) },
    { name: "published_at", label: "Published", cell: (one) => h("div", {}, time(one.published_at), h("p", { class: "quiet" }, "Data as of ", time(one.data_as_of))) },
    { name: "rows", label: "Rows", number: true, cell: (one) => h("div", {}, exact(one.rows), difference(...rows[one.version])) },
    { name: "by", label: "Who and why", cell: (one) => h("div", {}, h("span", { class: "text" }, one.by || one.run_id), one.reason ? h("p", { class: "reason" }, `“${one.reason}”`) : null) },
  ];
}

function difference(now, before) {
  if (before === undefined || now === before) return null;
  return h("p", { class: "quiet" }, `${now > before ? "+" : "−"}${exact(Math.abs(now - before))}`);
}

async function comparison(all, query, base, path, signal) {
  const known = (value) => all.find((one) => String(one.version) === value)?.version;
  const to = known(query.get("to")) ?? all[0].version;
  const from = known(query.get("from")) ?? all[all.findIndex((one) => one.version === to) + 1]?.version ?? all[1].version;
  const options = all.map((one) => [one.version, `${one.version}${one.live ? " (live)" : one.kind === "rollback" ? " (roll-back)" : ""}`]);
  const choose = (name) => (value) => go(link([...base, "versions"], changed(current().query, { [name]: value })));
  return h("section", { class: "panel", "aria-labelledby": "changes" },
    h("h2", { id: "changes" }, "What changed"),
    h("div", { class: "tools" }, select("From version", "from", options, from, choose("from")), select("To version", "to", options, to, choose("to"))),
    from === to ? h("p", { class: "quiet" }, "Choose two different versions.")
      : changes((await get(`${path}/versions/${to}/changes`, { since: from }, signal)).data));
}

function changes(found) {
  const unchanged = `${count(found.unchanged_partitions, "partition")} unchanged.`;
  if (!found.partitions.length) {
    return state("empty", "The same content", `No partition differs between version ${found.from} and version ${found.to}. ${unchanged}`);
  }
  const tally = Object.entries(Object.groupBy(found.partitions, (one) => one.change)).map(([change, some]) => `${some.length} ${change}`).join(", ");
  return [
    h("p", {}, h("strong", {}, `${exact(found.rows_before)} → ${exact(found.rows_after)} rows. `), `Partitions: ${tally}; ${unchanged}`),
    table({ id: "partitions", caption: `Partitions that differ between version ${found.from} and version ${found.to}`, rows: found.partitions, columns: [
      { name: "partition", label: "Partition", head: true, cell: (one) => one.partition },
      { name: "change", label: "Change", cell: (one) => badge(one.change) },
      { name: "rows_before", label: `Rows in ${found.from}`, number: true, cell: (one) => exact(one.rows_before) },
      { name: "rows_after", label: `Rows in ${found.to}`, number: true, cell: (one) => exact(one.rows_after) },
      { name: "difference", label: "Difference", number: true, cell: (one) => signed((one.rows_after ?? 0) - (one.rows_before ?? 0)) },
    ] }),
  ];
}

function signed(number) {
  return number > 0 ? `+${exact(number)}` : number < 0 ? `−${exact(-number)}` : "0 (values differ)";
}
