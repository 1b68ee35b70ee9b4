// The API beside the page: GET with the user's token, and the session that gives it.

const BASE = new URL("../../", import.meta.url);

/** What the API, or the way to it, refuses; status 0 where it did not answer at all. */
export class ApiError extends Error {
  constructor(status, message, requestId = null) {
    super(message);
    this.status = status;
    this.requestId = requestId;
  }
}

// In memory alone: a script elsewhere on this origin finds no token in any storage.
let token = null;

/** The envelope's parts of a GET: {data, metadata, message}. */
export async function get(path, parameters = {}, signal = undefined) {
  const url = address(path, parameters);
  let answer = await send(url, { signal, headers: authorised() });
  if (answer.status === 401 && (await renew())) answer = await send(url, { signal, headers: authorised() });
  return opened(answer);
}

/** Who is signed in, by Airflow's cookie, the token or the refresh cookie; null where nobody is. */
export async function currentUser() {
  try {
    return (await get("auth/me")).data;
  } catch (error) {
    if (error.status === 401) return null;
    throw error;
  }
}

export async function signIn(username, password) {
  const answer = await opened(await post("auth/login", { username, password }));
  token = answer.data.access_token;
}

/** Ends the session here and at the server, whose word counts: without it the user stays signed in. */
export async function signOut() {
  const answer = await post("auth/logout", {});
  if (answer.status !== 401) await opened(answer); // with 401 there was no session left to end
  token = null;
}

/** A new access token by the refresh cookie. Tabs take turns: a cookie used twice ends the session. */
async function renew() {
  const attempt = async () => {
    let answer = await post("auth/refresh", {});
    if (answer.status === 409) answer = await post("auth/refresh", {}); // another tab came first: its cookie is here now
    token = answer.ok ? (await opened(answer)).data.access_token : null;
    return answer.ok;
  };
  return navigator.locks ? navigator.locks.request("vitrine-refresh", attempt) : attempt();
}

function address(path, parameters) {
  const url = new URL(path, BASE);
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== null && value !== undefined && value !== "") url.searchParams.set(name, value);
  }
  return url;
}

function authorised() {
  return token ? { Authorization: `Bearer ${token}` } : {};
}

function post(path, body) {
  const headers = { "Content-Type": "application/json", ...authorised() };
  return send(address(path, {}), { method: "POST", headers, body: JSON.stringify(body) });
}

async function send(url, options) {
  try {
    return await fetch(url, { credentials: "same-origin", ...options });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, "The API does not answer. Check that it runs and that you are online, then try again.");
  }
}

async function opened(answer) {
  let envelope;
  try {
    envelope = JSON.parse(await answer.text(), exactly);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(answer.status, `The API answered ${answer.status} with something that is not JSON.`);
  }
  if (answer.ok) return envelope;
  throw new ApiError(answer.status, envelope.message ?? answer.statusText, envelope.metadata?.request_id);
}

// A whole number beyond 2^53 would be rounded; its digits are kept as text.
function exactly(name, value, context) {
  const rounded = typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value);
  return rounded && /^-?\d+$/.test(context?.source ?? "") ? context.source : value;
}
