// Values as people read them. Decimals come as exact strings and stay exact: no float is made of them.

export const NONE = "–";
const formats = new Map();

/** A whole number or an exact decimal with the reader's separators; all its decimals are kept. */
export function exact(value) {
  if (value === null || value === undefined) return NONE;
  const text = String(value);
  if (!/^-?\d+(\.\d+)?$/.test(text)) return text;
  const decimals = text.split(".")[1]?.length ?? 0;
  if (!formats.has(decimals)) {
    const digits = { minimumFractionDigits: decimals, maximumFractionDigits: decimals };
    formats.set(decimals, new Intl.NumberFormat(undefined, digits));
  }
  return formats.get(decimals).format(text);
}

const approximate = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 6 });

/** A floating-point number, to six digits. */
export function rounded(value) {
  return value === null || value === undefined ? NONE : approximate.format(value);
}

const percent = new Intl.NumberFormat(undefined, { style: "percent", maximumFractionDigits: 1 });

/** part of whole; "< 0.1 %" where it would be rounded to nothing. */
export function share(part, whole) {
  if (!whole) return NONE;
  const found = part / whole;
  return found > 0 && found < 0.001 ? `< ${percent.format(0.001)}` : percent.format(found);
}

const local = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const precise = new Intl.DateTimeFormat(undefined, {
  year: "numeric", month: "short", day: "numeric", hour: "numeric", minute: "2-digit", second: "2-digit",
});

/** A moment in the reader's zone. */
export function moment(iso, seconds = false) {
  return (seconds ? precise : local).format(new Date(iso));
}

/** The same moment in UTC, for a title. */
export function utc(iso) {
  return `${String(iso).replace("T", " ").replace(/(\.\d+)?(Z|\+00:00)$/, "")} UTC`;
}

const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });
const UNITS = [["day", 86400, 2], ["hour", 3600, 1], ["minute", 60, 1]];

/** "3 hours ago". */
export function ago(iso, now = Date.now()) {
  const seconds = (new Date(iso).getTime() - now) / 1000;
  for (const [unit, length, least] of UNITS) {
    if (Math.abs(seconds) >= length * least) return relative.format(Math.trunc(seconds / length), unit);
  }
  return seconds > 30 ? relative.format(Math.trunc(seconds), "second") : "just now";
}

/** "0.3 s", "4 min 12 s", "2 h 5 min", "26 h". */
export function duration(seconds) {
  if (seconds === null || seconds === undefined) return NONE;
  if (seconds < 1) return `${rounded(Math.round(seconds * 1000) / 1000)} s`;
  if (seconds < 60) return `${rounded(Math.round(seconds * 10) / 10)} s`;
  const [big, small, length] = seconds < 3600 ? ["min", "s", 60] : seconds < 172800 ? ["h", "min", 3600] : ["d", "h", 86400];
  const whole = Math.floor(seconds / length);
  const rest = Math.floor((seconds - whole * length) / (length === 86400 ? 3600 : length / 60));
  return rest ? `${whole} ${big} ${rest} ${small}` : `${whole} ${big}`;
}

/** product_revenue: "Product revenue". */
export function words(name) {
  const text = String(name).replaceAll("_", " ").trim();
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** How many of what: "1 row", "3,837 rows". */
export function count(number, noun) {
  return `${exact(number)} ${noun}${String(number) === "1" ? "" : "s"}`;
}
