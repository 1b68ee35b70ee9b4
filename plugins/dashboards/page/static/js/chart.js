// Charts: lines as SVG in the width there is, bars as a list. Each has its figures as a table beside it.

import { h, svg } from "./dom.js";
import { rounded } from "./format.js";
import { table } from "./parts.js";

const HEIGHT = 300;
const EDGE = { top: 14, right: 18, bottom: 30, left: 64 };
const DAY = 86400000;

/**
 * A line for each series over dates or ordered values.
 * xs: sorted; lines: [{name, values: Map(x -> {number, text})}]; dated: whether xs are ISO dates or times.
 */
export function lineChart({ title, xs, lines, dated, id = "chart" }) {
  const readout = h("p", { class: "readout", "aria-live": "polite" }, readoutHint);
  const plot = h("div", { class: "plot", tabindex: "0", role: "group", id,
    "aria-label": `${title}. Left and right arrow keys read the values.` });
  const draw = () => drawLines(plot, { title, xs, lines, dated, readout });
  new ResizeObserver(draw).observe(plot);
  return h("figure", { class: "chart" }, h("figcaption", {}, h("strong", {}, title), " ", h("span", { class: "quiet" }, summary(xs, lines))),
    legend(lines), plot, readout, figures(title, xs, lines));
}

const readoutHint = "Point at the chart, or use the arrow keys, to read its values.";

/** What the picture says, in a sentence. */
function summary(xs, lines) {
  const all = lines.flatMap((line) => [...line.values].map(([x, value]) => ({ x, ...value })));
  if (!all.length) return "";
  const [low, high] = all.reduce(([a, b], one) => [one.number < a.number ? one : a, one.number > b.number ? one : b], [all[0], all[0]]);
  return `From ${xs[0]} to ${xs.at(-1)}: lowest ${low.text} (${low.x}), highest ${high.text} (${high.x}).`;
}

function legend(lines) {
  if (lines.length < 2) return null;
  return h("ul", { class: "legend" }, lines.map((line, index) => h("li", { class: `series s${index}` }, line.name)));
}

function drawLines(plot, { title, xs, lines, dated, readout }) {
  const width = Math.max(plot.clientWidth, 240);
  if (plot.dataset.width === String(width)) return;
  plot.dataset.width = width;
  const place = scales(width, xs, lines, dated);
  const rule = svg("line", { class: "rule", y1: EDGE.top, y2: HEIGHT - EDGE.bottom, visibility: "hidden" });
  const drawing = svg("svg", { viewBox: `0 0 ${width} ${HEIGHT}`, width, height: HEIGHT, role: "img", "aria-label": title },
    axes(place, width, xs, dated), lines.map((line, index) => path(line, index, xs, place)), rule);
  plot.replaceChildren(drawing);
  attachReading(plot, { xs, lines, place, rule, readout });
}

function scales(width, xs, lines, dated) {
  const numbers = lines.flatMap((line) => [...line.values.values()].map((value) => value.number));
  const ticks = niceTicks(Math.min(0, least(numbers)), Math.max(0, most(numbers)));
  const at = dated ? xs.map((x) => Date.parse(x)) : xs.map((_, index) => index);
  const span = at.at(-1) - at[0] || 1;
  const inner = width - EDGE.left - EDGE.right;
  const height = HEIGHT - EDGE.top - EDGE.bottom;
  const [low, high] = [ticks[0], ticks.at(-1)];
  return {
    ticks, at,
    x: (index) => EDGE.left + (xs.length === 1 ? inner / 2 : ((at[index] - at[0]) / span) * inner),
    y: (number) => EDGE.top + height - ((number - low) / (high - low || 1)) * height,
  };
}

// Not Math.min(...numbers): a call takes only so many arguments.
const least = (numbers) => numbers.reduce((low, one) => (one < low ? one : low), Infinity);
const most = (numbers) => numbers.reduce((high, one) => (one > high ? one : high), -Infinity);

/** Four to seven round values around a range. */
export function niceTicks(low, high) {
  if (!(high > low)) return [low, low + 1];
  const raw = (high - low) / 4;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((one) => one * power).find((one) => one >= raw);
  const first = Math.floor(low / step);
  return Array.from({ length: Math.ceil(high / step) - first + 1 }, (_, index) => (first + index) * step);
}

const short = new Intl.NumberFormat(undefined, { notation: "compact", maximumFractionDigits: 2 });

function axes(place, width, xs, dated) {
  const rows = place.ticks.map((tick) => svg("g", { class: tick === 0 ? "tick zero" : "tick" },
    svg("line", { x1: EDGE.left, x2: width - EDGE.right, y1: place.y(tick), y2: place.y(tick) }),
    svg("text", { x: EDGE.left - 8, y: place.y(tick) + 4, "text-anchor": "end" }, short.format(tick))));
  const most = Math.max(2, Math.floor((width - EDGE.left) / 95));
  const step = Math.max(1, Math.ceil(xs.length / most));
  const label = dated ? dayLabel(place.at) : (index) => String(xs[index]).slice(0, 12);
  const columns = xs.map((_, index) => index).filter((index) => index % step === 0).map((index) =>
    svg("text", { class: "x", x: place.x(index), y: HEIGHT - 8, "text-anchor": index === 0 ? "start" : "middle" }, label(index)));
  return [rows, columns];
}

/** Days in UTC, as collections count them; months where years are shown. */
function dayLabel(at) {
  const long = at.at(-1) - at[0] > 400 * DAY;
  const format = new Intl.DateTimeFormat(undefined, { timeZone: "UTC", month: "short", ...(long ? { year: "numeric" } : { day: "numeric" }) });
  return (index) => format.format(at[index]);
}

function path(line, index, xs, place) {
  const points = xs.map((x, position) => [x, position]).filter(([x]) => line.values.has(x))
    .map(([x, position]) => [place.x(position), place.y(line.values.get(x).number)]);
  const course = points.map(([x, y], at) => `${at ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");
  const dots = points.length < 40 ? points.map(([cx, cy]) => svg("circle", { cx, cy, r: points.length === 1 ? 4 : 2.5 })) : [];
  return svg("g", { class: `line s${index}` }, svg("path", { d: course }), dots);
}

/** The value under the pointer, or the one that the arrow keys have come to. */
function attachReading(plot, { xs, lines, place, rule, readout }) {
  let at = null;
  const read = (index) => {
    at = Math.max(0, Math.min(xs.length - 1, index));
    rule.setAttribute("x1", place.x(at));
    rule.setAttribute("x2", place.x(at));
    rule.setAttribute("visibility", "visible");
    const values = lines.map((line) => `${line.name ? `${line.name} ` : ""}${line.values.get(xs[at])?.text ?? "no value"}`);
    readout.replaceChildren(h("strong", {}, String(xs[at])), ` ${values.join(" · ")}`);
  };
  plot.onpointermove = (event) => {
    const x = event.clientX - plot.getBoundingClientRect().left;
    let nearest = 0;
    xs.forEach((_, index) => { if (Math.abs(place.x(index) - x) < Math.abs(place.x(nearest) - x)) nearest = index; });
    read(nearest);
  };
  plot.onkeydown = (event) => {
    const steps = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10, Home: -Infinity, End: Infinity };
    if (!(event.key in steps)) return;
    event.preventDefault();
    read((at ?? (event.key === "ArrowLeft" ? xs.length : -1)) + steps[event.key]);
  };
}

function figures(title, xs, lines) {
  const columns = [
    { name: "x", label: "At", head: true, cell: (x) => String(x) },
    ...lines.map((line, index) => ({ name: `s${index}`, label: line.name || "Value", number: true, cell: (x) => line.values.get(x)?.text })),
  ];
  const details = h("details", { class: "figures" }, h("summary", {}, "The figures as a table"));
  details.addEventListener("toggle", () => { // built when it is asked for: it may be long
    if (details.open && details.childElementCount === 1) details.append(table({ id: "figures", caption: title, columns, rows: xs }));
  });
  return details;
}

/** Bars side by side: [{label, number, text, tone}]; the longest is the highest number's. */
export function bars(items, label) {
  const highest = most(items.map((one) => Math.abs(one.number))) || 1;
  return h("ol", { class: "bars", "aria-label": label }, items.map((one) => {
    const fill = h("span", { class: `fill ${one.tone ?? ""}` });
    fill.style.inlineSize = `${Math.max(one.number ? 0.5 : 0, (Math.abs(one.number) / highest) * 100)}%`;
    return h("li", {}, h("span", { class: "label" }, one.label), h("span", { class: "track", "aria-hidden": "true" }, fill),
      h("span", { class: "value" }, one.text ?? rounded(one.number)));
  }));
}
