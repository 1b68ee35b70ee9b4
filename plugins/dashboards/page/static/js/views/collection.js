// One collection: its head, and the tab that the address names.

import { get } from "../api.js";
import { h } from "../dom.js";
import { count, exact } from "../format.js";
import { badge, state, time } from "../parts.js";
import { changed, link } from "../router.js";
import { chartTab } from "./chart_tab.js";
import { data } from "./data.js";
import { deadLetters } from "./dead_letters.js";
import { runs } from "./runs.js";
import { versions } from "./versions.js";

const TABS = [
  { part: undefined, label: "Data", view: data, filtered: true },
  { part: "chart", label: "Chart", view: chartTab, filtered: true },
  { part: "versions", label: "Versions", view: versions },
  { part: "runs", label: "Runs", view: runs, operators: true },
  { part: "dead-letters", label: "Dead letters", view: deadLetters, operators: true },
];

const LOOK_AGAIN = 30_000;

export async function collection(context) {
  const [, domain, subject, part] = context.path;
  const name = `${domain}/${subject}`;
  const listed = (await get("collections", {}, context.signal)).data;
  const summary = listed.find((one) => one.name === name);
  if (!summary) return { title: "Not found", content: unknown(name) };
  const tab = TABS.find((one) => one.part === part);
  const body = tab.operators && context.user.role === "viewer"
    ? forOperators(tab.label)
    : await tab.view({ ...context, summary, base: ["collections", domain, subject] });
  const news = h("div", { class: "news", role: "status" });
  watch(summary, news, context);
  const title = part ? `${tab.label} of ${name}` : name;
  return { title, content: [head(summary), news, tabs(context, tab), h("section", { class: "part", "aria-label": tab.label }, body)] };
}

/** Says so when another version goes live meanwhile; what is shown stays until the reader asks for the new one. */
function watch(summary, news, { signal, refresh }) {
  const look = async () => {
    if (document.hidden || signal.aborted) return;
    const listed = (await get("collections", {}, signal)).data.find((one) => one.name === summary.name);
    if (!listed || signal.aborted || listed.version === summary.version) return;
    const show = h("button", { type: "button", id: "show-news", onclick: refresh }, "Show it");
    news.replaceChildren(h("p", { class: "notice" }, `Version ${exact(listed.version)} is live now. `, show));
  };
  const quietly = () => look().catch(() => {}); // the next look, or the next click, says what is wrong
  const timer = setInterval(quietly, LOOK_AGAIN);
  window.addEventListener("focus", quietly, { signal });
  signal.addEventListener("abort", () => clearInterval(timer));
}

function head(summary) {
  const published = summary.version === null
    ? h("span", {}, "Nothing is published yet")
    : [h("span", {}, "Version ", h("strong", { id: "live-version" }, exact(summary.version)), ", published ", time(summary.published_at, { age: true })),
      h("span", {}, h("strong", {}, count(summary.rows, "row"))), h("span", {}, "Data as of ", time(summary.data_as_of), " (", time(summary.data_as_of, { age: true }), ")")];
  const verdict = summary.verdict ? h("span", {}, "Last check ", badge(summary.verdict)) : null;
  return h("div", { class: "head" },
    h("p", { class: "crumb" }, h("a", { href: "#/" }, "Collections")),
    h("div", { class: "line" }, h("h1", { tabindex: "-1" }, summary.name), badge(summary.freshness), summary.held ? badge("held", "Held") : null),
    h("p", { class: "lead" }, summary.description),
    h("p", { class: "meta" }, published, verdict, h("span", { class: "quiet" }, `${summary.owner}, contract ${summary.contract_version}`)),
    summary.held ? h("p", { class: "notice warn" }, "A roll-back holds this collection: scheduled runs publish nothing until the hold is released.") : null,
    sources(summary.sources ?? []));
}

/** Each source with its own age, where there are several: one that is down does not stop the others. */
function sources(all) {
  if (!all.length) return null;
  return h("ul", { class: "sources", "aria-label": "Sources" }, all.map((one) => h("li", {},
    badge(one.error ? "failed" : one.freshness, one.error ? "Failed" : null), " ", h("strong", {}, one.name), " ",
    one.data_as_of ? time(one.data_as_of, { age: true }) : h("span", { class: "quiet" }, "nothing read yet"),
    one.error ? h("p", { class: "quiet" }, one.error) : null)));
}

/** Filters and the pinned version go along from the table to the chart and back. */
function tabs({ path, query, user }, active) {
  const kept = active.filtered ? changed(query, { cursor: null }) : {};
  const shown = TABS.filter((one) => !one.operators || user.role !== "viewer");
  return h("nav", { class: "tabs", "aria-label": "Parts of the collection" }, shown.map((one) => {
    const href = link([...path.slice(0, 3), ...(one.part ? [one.part] : [])], one.filtered ? kept : {});
    return h("a", { href, "aria-current": one === active ? "page" : null }, one.label);
  }));
}

function forOperators(label) {
  return state("empty", `${label} are for operators`,
    "Your role is viewer: it reads collections and their versions. Ask an administrator for the role op to see runs and dead letters.");
}

function unknown(name) {
  return state("empty", `There is no collection ${name} for you`, "Its name may be misspelt, or your role may not read it.",
    h("a", { class: "button", href: "#/" }, "All collections"));
}
