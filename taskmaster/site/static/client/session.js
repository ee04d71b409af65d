// The session: who is logged in, kept where all tabs see it, its token refreshed by one tab at a time.
import { HASTE, TaskmasterError, isRepeatable, queryString, send } from "./http.js";

const NOBODY = "null"; // stored where nobody is logged in, whoever is in another tab
const sharing = new WeakMap(); // by storage: its sessions in this page, which hears no `storage` event of its own

/** Functions to call when something happens. What one of them throws disturbs nobody else. */
export class Listeners {
  #all = new Set();

  add(listener) {
    this.#all.add(listener);
    return () => this.#all.delete(listener);
  }

  emit(...news) {
    for (const listener of [...this.#all]) {
      try {
        if (this.#all.has(listener)) listener(...news); // else one before it has stopped it
      } catch (error) {
        setTimeout(() => { throw error; }); // reported as uncaught
      }
    }
  }
}

export class Session {
  isToEnd = false; // whether its user wants that: nobody needs to be told why
  #url;
  #key;
  #stores; // the first one stays; the last one is for this tab only
  #spare = memory(); // where the others have no room
  #siblings;
  #parsed = {};
  #announced;
  #listeners = new Listeners();
  #channel = null;

  constructor(url, storage) {
    this.#url = `${url}/api/v1/`;
    this.#key = `taskmaster ${url}`;
    this.#stores = storage === undefined ? browserStores() : [storage ?? memory()];
    this.#announced = JSON.stringify(this.user);
    this.#siblings = (sharing.get(this.#stores[0]) ?? new Set()).add(this);
    sharing.set(this.#stores[0], this.#siblings);
    globalThis.addEventListener?.("storage", this.#hearStorage);
    globalThis.addEventListener?.("pageshow", this.#comeBack);
    if (this.#stores.length > 1 && globalThis.BroadcastChannel) this.#listenToCopies();
  }

  /** The session as it is stored at this moment: `{ user, access, refresh }`, or null. */
  get current() {
    const text = this.#store()?.getItem(this.#key) ?? null;
    if (text !== this.#parsed.text) this.#parsed = { text, session: read(text) };
    return this.#parsed.session;
  }

  /** Return the session. Throws where nobody is logged in. */
  need() {
    const { current } = this;
    if (current) return current;
    throw new TaskmasterError({ code: "not_authenticated", status: 401, detail: "Please log in." });
  }

  get user() {
    return this.current?.user ?? null;
  }

  /** Call `listener(user, why)` now and whenever somebody else is logged in, or nobody. */
  onUser(listener) {
    const remove = this.#listeners.add(listener);
    listener(this.user, null);
    return remove;
  }

  /** Log in or register; `stay: false` keeps the session for this tab only. Returns the user. */
  async enter(path, credentials, stay = true) {
    const { tokens, ...user } = (await send(this.#url + path, { method: "POST", body: credentials })).body;
    for (const store of [this.#stores.at(-1), this.#spare]) store.removeItem(this.#key);
    this.#keep({ user, ...tokens }, stay ? this.#stores[0] : this.#stores.at(-1));
    this.#announce();
    return user;
  }

  /** Log out: here at once, on the server if it can be reached. */
  async leave() {
    const { current } = this;
    if (!current) return;
    this.end(current);
    const logOut = (token) => send(`${this.#url}auth/logout/`, { method: "POST", token, repeatable: true });
    await logOut(current.access).catch(async ({ status }) => {
      if (status === 401) await logOut((await this.#rotate(current)).access); // the token had run out
    }).catch(() => {});
  }

  /** Forget a session, unless another one has taken its place. */
  end(session, why = null) {
    if (this.current?.refresh !== session?.refresh) return;
    const store = this.#store();
    try { // other tabs hear of that, and of the removal
      if (why) store?.setItem(this.#key, JSON.stringify({ why: { ...why, request_id: why.requestId } }));
    } catch {} // it is full
    store?.removeItem(this.#key);
    // Where it was this tab's own, the tab shall not fall back to the one of all tabs, which may be somebody else's.
    if (store !== this.#stores[0]) store?.setItem(this.#key, NOBODY);
    this.#announce(why);
  }

  /** Keep what has become of the user's own account. */
  update(user) {
    if (this.user?.id === user.id && !(this.user.last_updated > user.last_updated)) this.#keep({ ...this.current, user });
    this.#announce();
  }

  /** Call the API as the user; a token that has expired is refreshed, and the call made again. */
  async request(method, path, { query = {}, body, headers = {}, repeatable } = {}) {
    const { access, user } = this.need();
    const parameters = queryString(query);
    const url = this.#url + path + (parameters && `?${parameters}`);
    const request = { method, body, headers, repeatable: repeatable ?? isRepeatable(method, headers) };
    try {
      return await send(url, { ...request, token: access });
    } catch (error) {
      if (error.status !== 401) throw error;
      const token = await this.refresh(access);
      if (this.user?.id !== user.id) throw error; // somebody else has logged in meanwhile
      return send(url, { ...request, token, repeated: error.repeated });
    }
  }

  /**
   * Return an access token that is not `used`, which was refused or is about to expire. One tab asks
   * for it, and the others find it in the storage. Throws, and ends the session, where it is over.
   */
  refresh(used) {
    return exclusively(this.#key, async () => {
      const session = this.need();
      if (session.access !== used) return session.access;
      const tokens = await this.#rotate(session).catch((error) => {
        if (error.status === 401 && error.code !== "unexpected_reply") this.end(session, this.isToEnd ? null : error);
        throw error;
      });
      if (this.current?.refresh === session.refresh) this.#keep({ ...this.current, ...tokens });
      this.#channel?.postMessage({ was: session.refresh, tokens });
      return this.need().access;
    });
  }

  /** Return the next tokens of a session. */
  async #rotate({ refresh }) {
    const request = { method: "POST", body: { refresh }, repeatable: true, ...HASTE };
    return (await send(`${this.#url}auth/token/refresh/`, request)).body;
  }

  close() {
    this.#siblings.delete(this);
    globalThis.removeEventListener?.("storage", this.#hearStorage);
    globalThis.removeEventListener?.("pageshow", this.#comeBack);
    this.#channel?.close();
  }

  #store() {
    return [...this.#stores, this.#spare].findLast((store) => store.getItem(this.#key) !== null);
  }

  #keep(session, store = this.#store()) {
    const text = JSON.stringify(session);
    try {
      store?.setItem(this.#key, text);
    } catch { // it is full: then for as long as this page is there
      store.removeItem(this.#key);
      this.#spare.setItem(this.#key, text);
    }
  }

  #hearStorage = ({ key, newValue: text }) => {
    if (key === this.#key || key === null) this.#announce(this.isToEnd ? null : reasonIn(text));
  };

  /** A page that the browser had put away has heard of nothing meanwhile. */
  #comeBack = ({ persisted }) => persisted && this.#announce();

  #announce(why) {
    this.#look(why);
    for (const other of this.#siblings) if (other.#key === this.#key) other.#look(why);
  }

  #look(why = null) {
    const user = JSON.stringify(this.user);
    if (user === this.#announced) return;
    this.#announced = user;
    this.#listeners.emit(this.user, why);
  }

  /** Duplicating a tab copies its sessionStorage: tell the copies of new tokens, and hear of theirs. */
  #listenToCopies() {
    this.#channel = new BroadcastChannel(this.#key);
    this.#channel.onmessage = ({ data: { was, tokens } }) => {
      if (this.current?.refresh === was) this.#keep({ ...this.current, ...tokens });
    };
  }
}

function read(text) {
  try {
    const session = JSON.parse(text);
    return session?.user && session.access && session.refresh ? session : null;
  } catch {
    return null; // not ours
  }
}

/** Return why another tab has ended the session, where it has written that. */
function reasonIn(text) {
  try {
    return new TaskmasterError(JSON.parse(text).why);
  } catch {
    return null; // it is a session, or nothing
  }
}

/** Return localStorage and sessionStorage; memory where there are none, or where they are forbidden. */
function browserStores() {
  try {
    const stores = [globalThis.localStorage, globalThis.sessionStorage];
    stores.forEach((store) => store.getItem(""));
    return stores;
  } catch {
    return [memory()];
  }
}

function memory() {
  const items = new Map();
  return {
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, text) => items.set(key, text),
    removeItem: (key) => items.delete(key),
  };
}

const turns = new Map();

/** Run functions of one name one after the other: of all tabs where the browser has locks. */
function exclusively(name, act) {
  if (globalThis.navigator?.locks) return navigator.locks.request(name, act);
  const turn = (turns.get(name) ?? Promise.resolve()).then(act);
  turns.set(name, turn.catch(() => {}));
  return turn;
}
