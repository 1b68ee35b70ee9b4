// The page: who is there, which view the address names, and what is said while it loads or when it fails.

import { ApiError, currentUser, signOut } from "./api.js";
import { h, say } from "./dom.js";
import { failure, state } from "./parts.js";
import { current, link, mirror } from "./router.js";
import { collection } from "./views/collection.js";
import { collections } from "./views/collections.js";
import { monitoring } from "./views/monitoring.js";
import { run } from "./views/run.js";
import { signInForm } from "./views/sign_in.js";

// Each view gives {title, content}; `collection` divides itself into tabs.
const ROUTES = [
  [/^$/, () => collections],
  [/^monitoring$/, () => monitoring],
  [/^runs\/[^/]+$/, () => run],
  [/^collections\/[^/]+\/[^/]+(\/(chart(\/[a-z]+)?|versions|runs|dead-letters))?$/, () => collection],
];

const main = document.getElementById("main");
let user = null;
let pending = new AbortController();
let shownPath = null;

async function show() {
  pending.abort();
  pending = new AbortController();
  const { signal } = pending;
  const { path, query } = current();
  const waiting = setTimeout(() => { main.setAttribute("aria-busy", "true"); say("Loading …"); }, 150);
  try {
    user ??= await currentUser();
    if (signal.aborted) return;
    if (!user) return showSignIn();
    frame(path);
    const view = ROUTES.find(([pattern]) => pattern.test(path.join("/")))?.[1]();
    const shown = view ? await view({ path, query, user, signal, refresh: show }) : nowhere();
    if (!signal.aborted) place(shown, path);
  } catch (error) {
    if (!signal.aborted) refused(error, path);
  } finally {
    clearTimeout(waiting);
    if (!signal.aborted) main.removeAttribute("aria-busy");
  }
}

function refused(error, path) {
  if (error instanceof ApiError && error.status === 401) {
    user = null;
    showSignIn("Your session has ended. Sign in again to go on where you were.");
    return;
  }
  if (error.name === "AbortError") return;
  if (!(error instanceof ApiError)) console.error(error);
  place({ title: "Error", content: failure(error, show) }, path);
}

/** Puts a view in place. A new page takes the focus to its heading; the same one keeps it where it was. */
function place({ title, content }, path) {
  const focused = document.activeElement?.id;
  const samePath = shownPath === path.join("/");
  const scroll = window.scrollY;
  main.replaceChildren(...[content].flat());
  document.title = `${title} · Vitrine`;
  if (samePath) {
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
    window.scrollTo(0, scroll);
  } else {
    if (shownPath !== null) (main.querySelector("h1") ?? main).focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }
  shownPath = path.join("/");
  say(content.classList?.contains("wrong") ? "" : `${title}: loaded.`);
}

function nowhere() {
  const home = h("a", { class: "button", href: "#/" }, "All collections");
  return { title: "Not found", content: state("empty", "There is no such view", "The link may be incomplete.", home) };
}

function showSignIn(reason = "") {
  document.getElementById("navigation").hidden = true;
  document.getElementById("user").hidden = true;
  shownPath = null;
  main.replaceChildren(signInForm(reason, async () => {
    user = await currentUser();
    await show();
    (main.querySelector("h1") ?? main).focus(); // the form that had the focus is gone
  }));
  document.title = "Sign in · Vitrine";
  document.getElementById("username").focus();
  say("");
}

/** The navigation and the user; inside Airflow's own frame there is nothing to sign out of. */
function frame(path) {
  const navigation = document.getElementById("navigation");
  navigation.hidden = false;
  const active = path[0] === "monitoring" ? "#/monitoring" : "#/";
  for (const one of navigation.querySelectorAll("a")) {
    if (one.getAttribute("href") === active) one.setAttribute("aria-current", "page");
    else one.removeAttribute("aria-current");
  }
  const box = document.getElementById("user");
  const leave = h("button", { type: "button", id: "sign-out", onclick: leaveSession }, "Sign out");
  const name = h("span", { class: "name" }, user.username, h("span", { class: "quiet" }, ` ${user.role}`));
  box.replaceChildren(name, ...(user.via === "token" ? [leave] : []));
  box.hidden = false;
}

async function leaveSession() {
  try {
    await signOut();
    user = null;
    location.hash = link([]);
    showSignIn("You are signed out.");
  } catch (error) {
    main.prepend(failure(error, leaveSession));
  }
}

/** Airflow's own choice of light or dark holds in its frame. */
function followTheme() {
  const outer = window.parent === window ? null : window.parent.document.documentElement;
  if (!outer) return;
  const follow = () => {
    const dark = outer.classList.contains("dark");
    if (dark || outer.classList.contains("light")) document.documentElement.dataset.theme = dark ? "dark" : "light";
  };
  follow();
  new MutationObserver(follow).observe(outer, { attributes: true, attributeFilter: ["class"] });
}

document.getElementById("skip").addEventListener("click", (event) => {
  event.preventDefault(); // the address names the view, so that #main cannot be part of it
  main.focus();
});
window.addEventListener("hashchange", () => { mirror(); show(); });
try {
  followTheme();
} catch {
  // a frame of another origin, whose theme cannot be read: the system's own holds
}
mirror();
show();
