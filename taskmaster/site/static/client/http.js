// Requests to the API: a refusal is an Error, and what may be repeated is, where a reply was lost.

const REPETITIONS = [300, 1000, 3000]; // milliseconds before each
const PATIENCE = 30_000; // milliseconds for a reply
/** For what the server takes again for 10 seconds only: three tries begin in that time, and the last one waits. */
export const HASTE = { pauses: REPETITIONS.slice(0, 2), patience: 3000 };
const AWAY = new Set([502, 503, 504]);
const PASSING = new Set([401, 408, 410, 429]); // refusals that are over some time, or with the next session

/** A refusal as the API worded it (RFC 9457). Where no reply came, `code` is "offline" and `status` 0. */
export class TaskmasterError extends Error {
  constructor({ code, detail, status = 0, errors = {}, request_id: requestId, retryAfter, cause }) {
    super(detail, { cause });
    Object.assign(this, { name: "TaskmasterError", code, detail, status, errors, requestId, retryAfter });
  }
}

/** Whether an error is the API's last word on a query; what a proxy says may be over soon. */
export const isFinal = (error) =>
  error?.status >= 400 && error.status < 500 && !PASSING.has(error.status) && error.code !== "unexpected_reply";

/** Wait for about so many milliseconds: clients that were cut at once shall not come back at once. */
export const pause = (length) => new Promise((resolve) => setTimeout(resolve, jitter(length)));
export const jitter = (length) => length * (0.5 + Math.random());

/**
 * Return the query string of an object; a list gives a parameter for each, a Date its time.
 * An empty time, from a date field that was cleared, is no filter.
 */
export function queryString(query) {
  const parameters = new URLSearchParams();
  for (const [name, values] of Object.entries(query)) {
    for (const value of [values].flat()) {
      if (value === undefined || value === null || (value === "" && /_(before|after)$/.test(name))) continue;
      parameters.append(name, value instanceof Date && !isNaN(value) ? value.toISOString() : value);
    }
  }
  return String(parameters);
}

/** Return a key for the header Idempotency-Key. */
export function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Whether a request may be sent again after a lost reply. Its own write would fail the condition of the second. */
export function isRepeatable(method, headers) {
  const names = new Headers(headers);
  if (/^post$/i.test(method)) return names.has("Idempotency-Key");
  return /^get$/i.test(method) || !(names.has("If-Match") || names.has("If-None-Match"));
}

/**
 * Send a request until it is answered; return `{ body, headers }`. Throws a TaskmasterError.
 * `repeatable` says whether it may be sent again after a lost reply: it may be what was carried out.
 * `repeated` says that it was sent before; the error says so too.
 */
export async function send(url, { repeatable, repeated, pauses = REPETITIONS, patience = PATIENCE, ...request }) {
  for (let tries = 0; ; tries++) {
    try {
      return await sendOnce(url, request, tries < pauses.length ? patience : PATIENCE);
    } catch (error) {
      error.repeated = repeated || tries > 0;
      const lost = error.code === "offline" || AWAY.has(error.status);
      if (!lost || !repeatable || tries === pauses.length) throw error;
    }
    await pause(pauses[tries]);
  }
}

async function sendOnce(url, { method, token, body, headers }, patience) {
  const all = { Accept: "application/json", ...headers };
  if (body !== undefined) all["Content-Type"] = "application/json";
  if (token) all.Authorization = `Bearer ${token}`;
  const options = { method, headers: all, body: JSON.stringify(body), signal: AbortSignal.timeout(patience) };
  let response, text;
  try {
    response = await fetch(url, options);
    text = await response.text();
  } catch (cause) {
    throw new TaskmasterError({ code: "offline", detail: "The server cannot be reached.", cause });
  }
  const reply = parse(text);
  if (response.ok && reply) return { body: reply, headers: response.headers };
  throw refusal(response, reply);
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Return the error of a reply; a proxy's own has another type than the API's, whatever is in it. */
function refusal({ status, headers }, reply) {
  const retryAfter = Number(headers.get("Retry-After")) || undefined; // seconds
  const foreign = { code: "unexpected_reply", detail: `The server gave an answer that is not understood (${status}).` };
  const isOurs = headers.get("Content-Type")?.startsWith("application/problem+json") && reply?.code;
  return new TaskmasterError({ ...(isOurs ? reply : foreign), status, retryAfter });
}
