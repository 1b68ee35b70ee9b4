// The form that stands where a view would, until somebody is there to see it.

import { signIn } from "../api.js";
import { h } from "../dom.js";

/** `onsuccess` shows what the address named in the first place. */
export function signInForm(reason, onsuccess) {
  const problem = h("p", { class: "problem", role: "alert", id: "problem" });
  const username = h("input", { id: "username", name: "username", autocomplete: "username", required: true, autocapitalize: "none", spellcheck: "false" });
  const password = h("input", { id: "password", name: "password", type: "password", autocomplete: "current-password", required: true, "aria-describedby": "problem" });
  const press = h("button", { class: "primary", type: "submit" }, "Sign in");
  const submit = async (event) => {
    event.preventDefault();
    press.disabled = true;
    problem.textContent = "";
    try {
      await signIn(username.value, password.value);
      await onsuccess();
    } catch (error) {
      problem.textContent = error.status === 401 ? "User name and password do not fit together. Try again." : error.message;
      password.value = "";
      password.focus();
    } finally {
      press.disabled = false;
    }
  };
  return h("form", { class: "sign-in", onsubmit: submit, method: "post" },
    h("h1", { tabindex: "-1" }, "Sign in"),
    h("p", { class: "quiet" }, reason || "With your Airflow user."),
    h("div", { class: "field" }, h("label", { for: "username" }, "User name"), username),
    h("div", { class: "field" }, h("label", { for: "password" }, "Password"), password),
    problem, press);
}
