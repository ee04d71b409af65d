// Who is logged in, kept for this tab only; and calls in their name.
const KEY = "taskmaster.session";
const listeners = new Set();
let session = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
let refreshing = null;

/** A refusal: `code` and `errors` as the API sent them. */
export class Refusal extends Error {
  constructor(problem) {
    super(problem.detail);
    Object.assign(this, { status: problem.status, code: problem.code, errors: problem.errors ?? {} });
  }
}

export const current = () => session;
export const onChange = (listener) => listeners.add(listener);

function keep(next, why) {
  session = next;
  if (next) sessionStorage.setItem(KEY, JSON.stringify(next));
  else sessionStorage.removeItem(KEY);
  listeners.forEach((listener) => listener(session, why));
}

/** Send a request; return its JSON and headers. Throws a Refusal. */
async function send(method, path, body, token) {
  const headers = { Accept: "application/json" };
  if (body) headers["Content-Type"] = "application/json";
  if (token) headers.Authorization = `Bearer ${token}`;
  const response = await fetch(`/api/v1/${path}`, { method, headers, body: body && JSON.stringify(body) });
  const reply = await response.json().catch(() => ({ status: response.status, detail: response.statusText }));
  if (!response.ok) throw new Refusal(reply);
  return { body: reply, headers: response.headers };
}

/** Call the API as the user; an expired token is refreshed once. */
export async function call(method, path, body) {
  const { access } = session;
  try {
    return await send(method, path, body, access);
  } catch (error) {
    if (error.status !== 401) throw error;
    if (session?.access === access) await refresh();
    return send(method, path, body, session.access);
  }
}

/** Trade the refresh token for new ones; several callers share one trade. */
export function refresh() {
  refreshing ??= trade().finally(() => (refreshing = null));
  return refreshing;
}

async function trade() {
  try {
    const { body } = await send("POST", "auth/token/refresh/", { refresh: session.refresh });
    session = { ...session, ...body };
    sessionStorage.setItem(KEY, JSON.stringify(session));
    return session.access;
  } catch (error) {
    if (error.status === 401) end("Your session has ended. Please log in again.");
    throw error;
  }
}

/** Log in or register: `mode` is the name of the call. */
export async function enter(mode, credentials) {
  const { body } = await send("POST", `auth/${mode}/`, credentials);
  keep({ username: body.username, ...body.tokens });
}

/** Forget the session, saying why. */
export function end(why) {
  if (session) keep(null, why);
}

export async function logOut() {
  await call("POST", "auth/logout/").catch(() => {});
  end();
}
