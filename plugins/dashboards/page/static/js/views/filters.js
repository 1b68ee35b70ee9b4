// What narrows a listing: filters by the contract's operators, and the choice of columns.

import { h } from "../dom.js";
import { words } from "../format.js";
import { select } from "../parts.js";
import { changed, go, link } from "../router.js";

const SIGNS = { eq: "is", gt: "is above", gte: "is at least", lt: "is below", lte: "is at most" };
const DATE_SIGNS = { ...SIGNS, gt: "is after", gte: "is from", lt: "is before", lte: "is until" };

/** The filters that are set, each with a link that takes it away, a form for one more, and what else there is to choose. */
export function filterBar(schema, query, base, more = null) {
  const compared = schema.fields.filter((field) => field.operators.length);
  return h("div", { class: "filters" }, chips(schema, query, base),
    h("div", { class: "row" }, compared.length ? form(compared, query, base) : null, more));
}

function chips(schema, query, base) {
  const set = [...query].map(([name, value]) => [name, value, parsed(schema, name)]).filter(([, , found]) => found);
  const version = query.get("version");
  const chip = (text, name) => h("li", {}, h("span", {}, text),
    h("a", { href: link(base, changed(query, { [name]: null, cursor: null })), "aria-label": `Take away: ${text}` }, "×"));
  const shown = set.map(([name, value, [field, operator]]) => chip(`${words(field.name)} ${signs(field)[operator]} ${value}`, name));
  if (version) shown.push(chip(`Version ${version}`, "version"));
  return shown.length ? h("ul", { class: "chips", "aria-label": "Filters" }, shown) : null;
}

/** Field and operator of a parameter such as date__gte; null for the others. */
function parsed(schema, parameter) {
  const whole = schema.fields.find((field) => field.name === parameter);
  if (whole) return [whole, "eq"];
  const [, name, operator] = parameter.match(/^(.+)__([a-z]+)$/) ?? [];
  const field = schema.fields.find((one) => one.name === name);
  return field && SIGNS[operator] ? [field, operator] : null;
}

function form(compared, query, base) {
  const fieldset = h("div", { class: "tools" });
  const choose = (field) => {
    const operators = field.operators.map((operator) => [operator, signs(field)[operator] ?? operator]);
    fieldset.replaceChildren(
      select("Field", "filter-field", compared.map((one) => [one.name, words(one.name)]), field.name,
        (name) => { choose(compared.find((one) => one.name === name)); document.getElementById("filter-field").focus(); }),
      select("Comparison", "filter-operator", operators, operators[0][0]),
      h("div", { class: "field" }, h("label", { for: "filter-value" }, "Value"), valueInput(field)),
      h("button", { type: "submit", id: "filter-add" }, "Add filter"));
  };
  choose(compared[0]);
  const submit = (event) => {
    event.preventDefault();
    const [field, operator, input] = ["field", "operator", "value"].map((part) => document.getElementById(`filter-${part}`));
    const parameter = operator.value === "eq" ? field.value : `${field.value}__${operator.value}`;
    const value = input.type === "datetime-local" ? new Date(input.value).toISOString() : input.value.trim();
    go(link(base, changed(query, { [parameter]: value, cursor: null })));
  };
  return h("form", { onsubmit: submit, "aria-label": "Add a filter" }, fieldset);
}

function signs(field) {
  return ["date", "timestamp"].includes(field.type) ? DATE_SIGNS : SIGNS;
}

function valueInput(field) {
  const attributes = { id: "filter-value", required: true, autocomplete: "off" };
  if (field.type === "boolean") return h("select", attributes, h("option", { value: "true" }, "Yes"), h("option", { value: "false" }, "No"));
  const kinds = { date: { type: "date" }, timestamp: { type: "datetime-local", step: "1" }, integer: { inputmode: "numeric", pattern: "-?[0-9]+", title: "A whole number" }, decimal: { inputmode: "decimal" }, number: { inputmode: "decimal" } };
  const example = field.examples?.[0];
  return h("input", { ...attributes, type: "text", ...kinds[field.type], placeholder: example === undefined || example === null ? null : `such as ${example}` });
}

/** Which columns are shown; all of them where none is chosen. */
export function columnMenu(schema, query, base) {
  const chosen = query.get("fields")?.split(",") ?? schema.fields.map((field) => field.name);
  const boxes = schema.fields.map((field) => h("label", { class: "check" },
    h("input", { type: "checkbox", name: "fields", value: field.name, checked: chosen.includes(field.name) }), words(field.name)));
  const apply = (event) => {
    event.preventDefault();
    const names = [...event.target.querySelectorAll("input:checked")].map((box) => box.value);
    const all = names.length === schema.fields.length || !names.length;
    go(link(base, changed(query, { fields: all ? null : names.join(",") })));
  };
  return h("details", { class: "menu" }, h("summary", { class: "button", id: "columns" }, `Columns (${chosen.length} of ${schema.fields.length})`),
    h("form", { onsubmit: apply }, h("div", { class: "checks" }, boxes), h("button", { type: "submit", class: "primary" }, "Show these")));
}
