// Addresses: everything that is shown stands behind the #, so that each view can be shared and bookmarked.

/** {path: ["collections", "sales", …], query: URLSearchParams} of the address bar. */
export function current() {
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  return { path: path.split("/").filter(Boolean).map(decoded), query: new URLSearchParams(query) };
}

/** The href of a view; empty values are left out of the query. */
export function link(path, query = {}) {
  const entries = query instanceof URLSearchParams ? [...query] : Object.entries(query);
  const kept = entries.filter(([, value]) => value !== null && value !== undefined && value !== "");
  const search = new URLSearchParams(kept.map(([name, value]) => [name, String(value)])).toString();
  return `#/${path.map(encodeURIComponent).join("/")}${search ? `?${search}` : ""}`;
}

/** The query with some values changed; null takes one away. */
export function changed(query, values) {
  const next = new URLSearchParams(query);
  for (const [name, value] of Object.entries(values)) {
    if (value === null || value === "") next.delete(name);
    else next.set(name, value);
  }
  return next;
}

export function go(href) {
  location.hash = href;
}

/** Writes the address without showing anything anew: for what a view has changed itself. */
export function note(href) {
  history.replaceState(null, "", href);
  mirror();
}

/** Inside Airflow its address bar gets our part too, so that the link there can be shared as well. */
export function mirror() {
  try {
    const outer = window.parent;
    if (outer !== window && outer.location.pathname.endsWith(location.pathname)) {
      const { pathname, search } = outer.location; // a bare hash would be taken from Airflow's <base>
      outer.history.replaceState(outer.history.state, "", `${pathname}${search}${location.hash}`);
    }
  } catch {
    // another origin's frame: its address is not ours to write
  }
}

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
