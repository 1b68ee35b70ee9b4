// One value of a collection by the type that its contract gives it.

import { h } from "./dom.js";
import { NONE, exact, rounded } from "./format.js";
import { time } from "./parts.js";

export const NUMBERS = ["decimal", "integer", "number"];
export const DAYS = ["date", "timestamp"];

/** As a cell shows it; identifiers are not grouped into thousands. */
export function shown(field, value, identifies = false) {
  if (value === null || value === undefined) return h("span", { class: "none", title: "No value" }, NONE);
  switch (field.type) {
    case "decimal": return exact(value);
    case "integer": return identifies ? String(value) : exact(value);
    case "number": return rounded(value);
    case "boolean": return value ? "Yes" : "No";
    case "timestamp": return time(value, { seconds: true });
    case "date": return h("time", { class: "day", datetime: value }, value);
    case "object":
    case "array": return h("code", { class: "json" }, JSON.stringify(value));
    default: return text(value);
  }
}

// Only an http address becomes a link; javascript: and the like stay text.
function text(value) {
  if (!/^https?:\/\/\S+$/.test(value)) return h("span", { class: "text" }, value);
  return h("a", { class: "text", href: value, rel: "noopener noreferrer", target: "_blank" }, value);
}
