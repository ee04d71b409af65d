// The client of Taskmaster, for browsers and Node: log in, change tasks, follow them live.
//
//   import { connect } from "http://127.0.0.1:8000/client/taskmaster.js";
//   const tm = connect("http://127.0.0.1:8000");
//   await tm.login(name, password);
//   tm.tasks.live({ status_task: ["TO DO"] }).subscribe((tasks) => render(tasks));
//
// Documented in docs/client.md, typed in taskmaster.d.ts.
import { events } from "./events.js";
import { Feed } from "./feed.js";
import { newKey } from "./http.js";
import { LiveList } from "./live.js";
import { Session } from "./session.js";
import { transport } from "./stream.js";

export { TaskmasterError } from "./http.js";

/**
 * Return a client of the server at `url`. `storage` keeps the session (default: localStorage, and
 * sessionStorage for who does not stay; null: memory). With `io`, socket.io-client's, it follows over Socket.IO.
 */
export function connect(url = globalThis.location?.origin, { storage, ...options } = {}) {
  if (url == null) throw new TypeError("Give connect() the URL of the server.");
  const root = url.replace(/\/+$/, "");
  const session = new Session(root, storage);
  const open = transport(root, options);
  const feed = new Feed(session, open);
  const closing = new AbortController();
  const request = async (...call) => (await session.request(...call)).body;
  return {
    get user() {
      return session.user;
    },
    onUser: (listener) => session.onUser(listener),
    onEvent: (listener) => feed.onEvent(listener),
    register: (account, { stay } = {}) => session.enter("auth/register/", account, stay),
    login: (username, password, { stay } = {}) => session.enter("auth/login/", { username, password }, stay),
    logout: () => session.leave(),
    account: accountOf(session, request),
    tasks: tasksOf(feed, request),
    events: ({ since, signal } = {}) => events(session, open, since, [closing.signal, signal]),
    request,
    close() {
      closing.abort();
      feed.close();
      session.close();
    },
  };
}

/** Delete; return `done` where the first try was carried out, and its reply lost: the API says so, no proxy. */
const remove = (request, path, done, headers) => request("DELETE", path, { headers }).catch((error) => {
  if (error.repeated && error.code === "not_found") return done;
  throw error;
});

/** Return the headers of a change that is for this version only, where one is named. */
const on = (etag) => (etag === undefined ? {} : { "If-Match": etag });

function tasksOf(feed, request) {
  const post = (path, body, key = newKey()) => request("POST", path, { body, headers: { "Idempotency-Key": key } });
  const restore = (id) => request("POST", `tasks/${id}/restore/`, { repeatable: true }).catch((error) => {
    if (error.repeated && error.status === 409) return request("GET", `tasks/${id}/`);
    throw error;
  });
  return {
    create: (fields, { key } = {}) => feed.note(post("tasks/", fields, key)),
    update: (id, changes, { ifMatch } = {}) =>
      feed.note(request("PATCH", `tasks/${id}/`, { body: changes, headers: on(ifMatch) })),
    remove: (id, { ifMatch } = {}) =>
      feed.note(remove(request, `tasks/${id}/`, null, on(ifMatch)).then(() => ({ id }))).then(() => {}),
    restore: (id) => feed.note(restore(id)),
    bulk: (operations, { key } = {}) =>
      feed.note(post("tasks/bulk/", { operations }, key).then(({ results }) => results)),
    get: (id) => request("GET", `tasks/${id}/`),
    async getWithTag(id) {
      const { body: task, headers } = await feed.session.request("GET", `tasks/${id}/`);
      return { task, etag: headers.get("ETag") ?? '""' }; // which matches no version
    },
    list: (query = {}) => feed.list(query),
    history: (id, query = {}) => request("GET", `tasks/${id}/history/`, { query }),
    live: (query = {}, { limit } = {}) => new LiveList(feed, query, limit),
  };
}

function accountOf(session, request) {
  const profile = async (method, body) => {
    const user = await request(method, "auth/profile/", { body });
    session.update(user);
    return user;
  };
  return {
    get: () => profile("GET"),
    update: (changes) => profile("PATCH", changes),
    changePassword: (old, wanted) =>
      request("POST", "auth/profile/password/", {
        body: { old_password: old, new_password_1: wanted, new_password_2: wanted },
      }),
    sessions: async () => (await request("GET", "auth/sessions/")).results,
    endSession: (id) => remove(request, `auth/sessions/${id}/`, { message: "Session ended" }),
    endOtherSessions: () => request("DELETE", "auth/sessions/"),
    async remove(password) {
      const { user } = session.need();
      session.isToEnd = true; // its stream may end before the reply comes
      await request("POST", "auth/profile/delete/", { body: { password } }).finally(() => (session.isToEnd = false));
      if (session.user?.id === user.id) session.end(session.current);
    },
  };
}
