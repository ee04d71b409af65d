// Live lists: what `tasks.live()` gives. A listing, kept up to date and told of.
import { isFinal, jitter } from "./http.js";
import { Listing } from "./listing.js";
import { Listeners } from "./session.js";

const PAGE = 100;
const SOON = 500; // milliseconds for which changes are collected before the server is asked about them
const FIRST_PAUSE = 500; // milliseconds before a list that failed is asked for again
const LONGEST_PAUSE = 30_000;
const A_MOMENT = 50;
const later = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const PATIENCE = 5000; // milliseconds for a page that holds up another list; twice as many for each that was late

/** The tasks of a query, kept up to date until `close()`. */
export class LiveList {
  #feed;
  #query;
  #limit;
  #listing;
  #journal = null; // while pages are on their way: the events meanwhile, which they may not have
  #coming = null; // the next page: on its way while there is a journal
  #overdue = 0; // when what is on its way is late
  #patience = PATIENCE;
  #attempt = 0; // the number of the present attempt to list all of it
  #loaded = false;
  #stale = false; // whether what followed it is lost, and it is being loaded again
  #error = null;
  #told; // what was told last: the state and why, the tasks, their count
  #timers = {};
  #subscribers = new Listeners();
  #watchers = new Listeners();

  constructor(feed, query, limit = Infinity) {
    this.#feed = feed;
    this.#query = query;
    this.#limit = limit;
    this.#listing = new Listing(query);
    this.#told = { state: this.state };
    feed.join(this);
  }

  /** The tasks that are loaded, in their order. A new array after each change. */
  get tasks() {
    return this.#listing.tasks;
  }

  /** How many tasks the query has, loaded or not; null while that is not known. */
  get count() {
    return this.#listing.count;
  }

  /** Whether there are tasks that are not loaded. */
  get hasMore() {
    return this.#listing.next !== null;
  }

  /** "connecting", "live", "offline" or "logged-out". */
  get state() {
    if (!this.#feed.session.current) return "logged-out";
    const { state } = this.#feed.stream;
    if (this.#error || state === "offline") return "offline";
    return this.#loaded && !this.#stale && state === "live" ? "live" : "connecting";
  }

  /** Why it is offline, where that is known. */
  get error() {
    return this.#error ?? (this.state === "offline" ? this.#feed.stream.error : null);
  }

  /** Call `listener(tasks, live)` now, and after each change. Returns how to stop that. */
  subscribe(listener) {
    listener(this.tasks, this);
    return this.#subscribers.add(listener);
  }

  /** Call `listener(state, live)` now, and whenever the state is another. Returns how to stop that. */
  onState(listener) {
    listener(this.state, this);
    return this.#watchers.add(listener);
  }

  /** Load the next page, where there is one. Throws a TaskmasterError. */
  async more() {
    while (this.hasMore && this.#journal && !this.#coming) await later(A_MOMENT); // all is listed again
    if (!this.hasMore) return;
    if (!this.#journal) this.#coming = this.#more();
    await this.#coming;
  }

  async #more() {
    const attempt = this.#attempt;
    this.#journal = [];
    try {
      const page = await this.#page(this.#listing.next, this.#limit);
      if (attempt === this.#attempt) this.#take(this.#listing, page);
    } finally {
      if (attempt === this.#attempt) this.#journal = null;
    }
  }

  /** Stop following. What it has stays as it is. */
  close() {
    this.#abandon();
    clearTimeout(this.#timers.tell);
    this.#feed.part(this);
  }

  /** List from the start, as often as it takes. What there is stays until the new is here. */
  async load(length = FIRST_PAUSE) {
    if (isFinal(this.#error)) return;
    const attempt = this.#abandon();
    try {
      await this.#list(attempt);
    } catch (error) {
      if (attempt !== this.#attempt) return;
      this.#abandon();
      if (error.status !== 410) this.#fail(error);
      if (!isFinal(error)) this.#soon("list", jitter(length), () => this.load(Math.min(2 * length, LONGEST_PAUSE)));
    }
  }

  /** List at once where that is waited for: the network is back, or somebody looks. */
  hurry() {
    if (this.#timers.list && !this.#journal) this.load();
  }

  /** List again: what followed the position of the stream is kept no more. */
  reset() {
    this.#stale = true;
    this.tellState();
    this.load();
  }

  /** Forget all: somebody else is logged in, or nobody. */
  clear() {
    this.#abandon();
    this.#listing = new Listing(this.#query);
    this.#loaded = false;
    this.#fail(null);
    this.#changed();
  }

  /** Take an event of the log. */
  take(event) {
    this.#journal?.push(event);
    this.#apply(event);
    this.#changed();
    if (!this.hasMore) return;
    this.#soon("count", SOON, () => this.#count());
    if (!this.#journal && this.#listing.rows.size < this.#limit / 2) this.more().catch(() => {});
  }

  /** Tell the state, if it or its reason is another. */
  tellState() {
    const { state, error } = this;
    if (state === this.#told.state && error?.code === this.#told.code) return;
    Object.assign(this.#told, { state, code: error?.code });
    this.#watchers.emit(state, this);
  }

  async #list(attempt) {
    const listing = new Listing(this.#query);
    const wanted = Math.max(this.#limit, this.#listing.rows.size);
    this.#journal = [];
    let cursor = "";
    do {
      const page = await this.#page(cursor, wanted - listing.rows.size);
      if (attempt !== this.#attempt) return;
      if (!cursor) this.#feed.follow(page.position);
      if (!this.#loaded) this.#listing = listing; // shown page by page
      this.#take(listing, page);
      cursor = listing.next;
    } while (cursor !== null && listing.rows.size < wanted);
    this.#listing = listing;
    this.#loaded = true;
    this.#stale = false;
    this.#journal = null;
    this.#patience = PATIENCE;
    this.#fail(null);
    this.#changed();
    if (this.hasMore) this.#count();
  }

  #page(cursor, most) {
    this.#overdue = performance.now() + this.#patience;
    return this.#feed.list({ ...this.#query, cursor, page_size: Math.min(PAGE, most) });
  }

  #take(listing, page) {
    listing.take(page);
    this.#journal.forEach((event) => this.#apply(event, listing));
    this.#changed();
  }

  #apply(event, listing = this.#listing) {
    if (!listing.apply(event)) this.#ask();
  }

  /** List again soon. A list on its way is waited for, unless it is late: else, where much changes, none arrives. */
  #ask() {
    this.#soon("list", SOON, () => {
      if (this.#journal && performance.now() < this.#overdue) return this.#ask();
      if (this.#journal) this.#patience *= 2;
      return this.load();
    });
  }

  async #count(next = 2 * SOON) {
    const [listing, attempt] = [this.#listing, this.#attempt];
    const again = (length, after) => this.#soon("count", length, () => this.#count(after));
    const page = await this.#feed.list({ ...this.#query, page_size: 1 }).catch(() => null);
    if (attempt !== this.#attempt || listing !== this.#listing || !this.hasMore) return;
    if (!page) return again(next, Math.min(2 * next, LONGEST_PAUSE));
    if (page.position < this.#feed.stream.position) return again(SOON);
    listing.total = { count: page.count, seq: page.position };
    this.#changed();
  }

  #fail(error) {
    this.#error = error;
    this.tellState();
  }

  #changed() {
    this.#soon("tell", 0, () => {
      const { tasks, count } = this;
      if (tasks === this.#told.tasks && count === this.#told.count) return;
      Object.assign(this.#told, { tasks, count });
      this.#subscribers.emit(tasks, this);
    });
  }

  #soon(name, milliseconds, act) {
    this.#timers[name] ??= setTimeout(() => {
      delete this.#timers[name];
      act();
    }, milliseconds);
  }

  /** Let go of whatever is on its way; return the number of the next attempt. */
  #abandon() {
    for (const name of ["count", "list"]) {
      clearTimeout(this.#timers[name]);
      delete this.#timers[name];
    }
    this.#journal = this.#coming = null;
    return ++this.#attempt;
  }
}
