// The ledger as a flow: what was read, what left it on the way and why, and what arrived.

import { bars } from "./chart.js";
import { h, svg } from "./dom.js";
import { count, exact, share, words } from "./format.js";

const [WIDTH, HEIGHT, TOP, STREAM] = [960, 210, 34, 84];

const sum = (counts) => Object.values(counts ?? {}).reduce((total, one) => total + one, 0);

/** Every station: {name, label, number, tone, why}; what leaves comes first, what arrives last. */
export function stations(ledger) {
  const reasons = (counts) => Object.entries(counts ?? {}).map(([rule, number]) => `${exact(number)} ${rule}`).join(", ");
  return [
    { name: "filtered", label: "Filtered", number: sum(ledger.filtered), tone: "plain", why: reasons(ledger.filtered) },
    { name: "rejected", label: "Rejected", number: sum(ledger.rejected), tone: "bad", why: reasons(ledger.rejected) },
    { name: "deduplicated", label: "De-duplicated", number: ledger.deduplicated ?? 0, tone: "plain", why: "" },
    { name: "unchanged", label: "Unchanged", number: ledger.unchanged ?? 0, tone: "info", why: "" },
    { name: "written", label: "Written", number: ledger.written ?? 0, tone: "good", why: "" },
  ];
}

/** The figure: a drawing where there is room for it, and always the list with exact counts. */
export function flow(ledger) {
  const ends = stations(ledger);
  const accounted = ends.reduce((total, one) => total + one.number, 0);
  const sentence = `${count(ledger.read, "record")} read = ${ends.filter((one) => one.number).map((one) => `${exact(one.number)} ${one.label.toLowerCase()}`).join(" + ") || "nothing"}`;
  const items = [{ label: "Read", number: ledger.read, text: exact(ledger.read), tone: "read" },
    ...ends.map((one) => ({ label: station(one), number: one.number, text: `${exact(one.number)} (${share(one.number, ledger.read)})`, tone: one.tone }))];
  return h("figure", { class: "flow" },
    h("figcaption", {}, h("strong", {}, "Every record is accounted for: "), sentence,
      accounted === ledger.read ? null : h("p", { class: "notice bad" }, `It does not balance: ${exact(accounted)} accounted for. Nothing was published.`)),
    ledger.read ? drawing(ledger.read, ends, sentence) : null,
    bars(items, "Records of the run"),
    ledger.deleted ? h("p", { class: "quiet" }, `${count(ledger.deleted, "row")} deleted, whose records the source no longer has.`) : null,
    totals(ledger));
}

function station(one) {
  return one.why ? [one.label, h("span", { class: "quiet" }, ` ${one.why}`)] : one.label;
}

/** Streams as wide as their share; one that is there at all is at least a line. */
function drawing(read, ends, sentence) {
  const leaving = ends.filter((one) => one.number && one.name !== "written");
  const wide = (number) => (number ? Math.max(2, (number / read) * STREAM) : 0);
  const parts = [svg("text", { x: 0, y: TOP - 12, class: "name" }, `Read ${exact(read)}`)];
  let [from, left] = [0, read];
  const step = (WIDTH - 190) / (leaving.length + 1);
  for (const one of leaving) {
    const to = from + step;
    parts.push(block(from, to, wide(left), "stream"), branch(to, wide(left), wide(one.number), one));
    left -= one.number;
    from = to;
  }
  const written = ends.at(-1).number;
  parts.push(block(from, WIDTH - 150, wide(written), "stream good"),
    svg("text", { x: WIDTH - 140, y: TOP + 16, class: "name" }, "Written"),
    svg("text", { x: WIDTH - 140, y: TOP + 34 }, `${exact(written)}, ${share(written, read)}`));
  return svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": sentence, class: "streams" }, parts);
}

function block(from, to, width, tone) {
  return svg("rect", { x: from, y: TOP, width: Math.max(0, to - from + 0.5), height: width, class: tone });
}

/** A stream that turns down and out of the main one at x. */
function branch(x, above, width, one) {
  const [bottom, down] = [TOP + above, HEIGHT - 44];
  const d = `M${x - width - 18} ${bottom - width} C${x} ${bottom - width} ${x} ${bottom} ${x} ${bottom + 14} V${down} H${x - width} V${bottom + 14}`
    + ` C${x - width} ${bottom + 4} ${x - width - 8} ${bottom} ${x - width - 18} ${bottom} Z`;
  return [svg("path", { d, class: `branch ${one.tone}` }),
    svg("text", { x, y: HEIGHT - 24, "text-anchor": "end", class: "name" }, one.label),
    svg("text", { x, y: HEIGHT - 7, "text-anchor": "end" }, exact(one.number))];
}

/** Control totals, which must be equal before and after the aggregation. */
function totals(ledger) {
  const names = Object.keys(ledger.silver ?? {});
  if (!names.length) return null;
  return h("ul", { class: "totals", "aria-label": "Control totals" }, names.map((name) => {
    const [before, after] = [ledger.silver[name], ledger.gold?.[name]];
    const equal = before === after || (after !== undefined && Number(before) === Number(after));
    return h("li", {}, h("span", { class: `badge ${equal ? "good" : "bad"}` }, equal ? "Equal" : "Different"), ` ${words(name)}: `,
      h("span", { class: "tabular" }, equal ? exact(before) : `${exact(before)} in silver, ${exact(after)} in gold`));
  }));
}
