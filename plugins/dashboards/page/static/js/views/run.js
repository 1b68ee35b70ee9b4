// One run: what it read and where each record went, what was checked, how long it took, what it made of what.

import { get } from "../api.js";
import { bars } from "../chart.js";
import { h } from "../dom.js";
import { count, duration, exact, share, words } from "../format.js";
import { flow } from "../flow.js";
import { badge, facts, state, table, time } from "../parts.js";
import { link } from "../router.js";

const SEVERITY = ["failed", "warned", "noted", "passed"]; // the worst first

export async function run({ path, user, signal }) {
  const title = "Run";
  if (user.role === "viewer") return { title, content: forOperators() };
  const found = (await get(`runs/${encodeURIComponent(path[1])}`, {}, signal)).data;
  const content = [
    head(found),
    panel("Records", found.ledger ? flow(found.ledger) : h("p", { class: "quiet" }, "The run has no ledger: it ended before its records were counted.")),
    panel("Checks", found.validation ? validation(found.validation) : h("p", { class: "quiet" }, "Nothing was checked: the run ended before its validation, or had nothing new.")),
    panel("Time", timings(found.timings)),
    panel("Where it comes from", lineage(found.lineage)),
    panel("Sources", sources(found.sources)),
    panel("Stores", stores(found.stores)),
    panel("Changes in the source", drift(found.drift)),
  ];
  return { title: `Run ${found.run_id}`, content };
}

function panel(title, body) {
  return body ? h("section", { class: "panel", "aria-label": title }, h("h2", {}, title), body) : null;
}

function head(found) {
  const [domain, subject] = found.collection.split("/");
  const base = ["collections", domain, subject];
  return h("div", { class: "head" },
    h("p", { class: "crumb" }, h("a", { href: "#/" }, "Collections"), " / ", h("a", { href: link(base) }, found.collection), " / ", h("a", { href: link([...base, "runs"]) }, "Runs")),
    h("div", { class: "line" }, h("h1", { tabindex: "-1", class: "text" }, found.run_id), badge(found.state)),
    found.error ? h("div", { class: "notice bad", role: "note" }, h("strong", {}, "It failed. "), h("span", { class: "text" }, String(found.error))) : null,
    facts([
      ["Started", time(found.started, { seconds: true })],
      ["Ended", found.ended ? time(found.ended, { seconds: true }) : "still running"],
      ["Took", duration(found.seconds)],
      ["Data of", found.window ? period(found.window) : null],
      ["Version", found.version ? h("a", { href: link(base, { version: found.version }) }, exact(found.version)) : "none"],
    ]));
}

function period(window) {
  return window.start ? [time(window.start), " to ", time(window.end)] : ["everything up to ", time(window.end)];
}

function validation(found) {
  const results = found.results.toSorted((one, other) => SEVERITY.indexOf(one.status) - SEVERITY.indexOf(other.status));
  return [
    h("p", {}, badge(found.verdict), ` ${count(found.rows, "row")} against ${count(results.length, "rule")}.`),
    table({ id: "rules", caption: "Rules of the contract", stacked: true, rows: results, columns: [
      { name: "name", label: "Rule", head: true, cell: (one) => [one.name, one.description ? h("p", { class: "quiet" }, one.description) : null] },
      { name: "status", label: "Result", cell: (one) => badge(one.status) },
      { name: "column", label: "Field", cell: (one) => one.column },
      { name: "observed", label: "Observed", cell: observed },
    ] }),
  ];
}

function observed(one) {
  const broken = one.unexpected_count ? `${count(one.unexpected_count, "row")} break it (${share(one.unexpected_share, 1)})` : null;
  const examples = one.examples?.length ? `, such as ${one.examples.join("; ")}` : "";
  return h("div", {}, h("span", { class: "text" }, one.observed), broken ? h("p", { class: "quiet text" }, broken + examples) : null);
}

function timings(steps) {
  if (!steps?.length) return null;
  return bars(steps.map((one) => ({ label: words(one.step), number: one.seconds, text: duration(one.seconds), tone: "info" })), "Time by step");
}

/** Stages in their order, the parts of one stage below each other. */
function lineage(parts) {
  if (!parts?.length) return null;
  const stages = Object.entries(Object.groupBy(parts, (one) => one.kind));
  return h("ol", { class: "lineage" }, stages.map(([kind, some]) => h("li", {}, h("strong", {}, words(kind)),
    some.map((one) => h("div", {}, h("p", { class: "text" }, one.name), h("p", { class: "quiet" }, size(one)))))));
}

function size({ rows, version }) {
  return [rows === null ? null : count(rows, "row"), version === null ? null : `version ${exact(version)}`].filter(Boolean).join(", ");
}

function sources(all) {
  if (!all?.length) return null;
  return table({ id: "sources", caption: "Sources of the run", stacked: true, rows: all, columns: [
    { name: "name", label: "Source", head: true, cell: (one) => one.name },
    { name: "state", label: "State", cell: (one) => badge(one.state) },
    { name: "records", label: "Records", number: true, cell: (one) => (one.statistics ? exact(one.statistics.records) : null) },
    { name: "source_name", label: "From", cell: (one) => h("span", { class: "text" }, one.source_name) },
    { name: "error", label: "Error", cell: (one) => (one.error ? h("span", { class: "text" }, one.error) : null) },
  ] });
}

function stores(all) {
  if (!all?.length) return null;
  return table({ id: "stores", caption: "Stores of the run", stacked: true, rows: all, columns: [
    { name: "store", label: "Store", head: true, cell: (one) => one.store },
    { name: "state", label: "State", cell: (one) => badge(one.state) },
    { name: "version", label: "Version", number: true, cell: (one) => exact(one.version) },
    { name: "staged", label: "Rows", cell: (one) => staged(one.staged) },
    { name: "error", label: "Error", cell: (one) => (one.error ? h("span", { class: "text" }, one.error) : null) },
  ] });
}

function staged(found) {
  if (!found) return null;
  const changes = ["inserted", "updated", "unchanged", "removed"].filter((name) => found[name]);
  return changes.map((name) => `${exact(found[name])} ${name}`).join(", ") || null;
}

function drift(found) {
  return found?.length ? h("ul", {}, found.map((one) => h("li", { class: "text" }, one))) : null;
}

function forOperators() {
  return state("empty", "Runs are for operators", "Your role is viewer: it reads collections and their versions. Ask an administrator for the role op to see runs.",
    h("a", { class: "button", href: "#/" }, "All collections"));
}
