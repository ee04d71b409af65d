// A list as the server had it at a position of the log, with every event since applied to it.
import { comparison, predicate } from "./query.js";

export class Listing {
  rows = new Map(); // by id: a task, and the position of the log that it is known at
  floor = 0; // the position that the whole list is known at: earlier events are in it
  next = null; // the cursor of the next page; null once all is loaded
  total = null; // while not all is loaded: how many there are, and at which position of the log
  #last = null; // the last task of the pages so far: what comes after it is not loaded
  #sorted = null;
  #passes;
  #compare;
  #asks; // whether only the server knows what has a changed title or description

  constructor(query) {
    this.#passes = predicate(query);
    this.#compare = comparison(query.ordering);
    this.#asks = Boolean(query.search) || !this.#compare;
  }

  /** The tasks in their order; a new array after each change. */
  get tasks() {
    if (!this.#sorted) {
      this.#sorted = Array.from(this.rows.values(), ({ task }) => task);
      if (this.#compare) this.#sorted.sort(this.#compare);
    }
    return this.#sorted;
  }

  /** How many tasks there are, loaded or not; null while that is not known. */
  get count() {
    return this.next === null ? this.rows.size : (this.total?.count ?? null);
  }

  /** Add the next page. Events that it may not have must be applied after it, also those applied before. */
  take({ results, next, position }) {
    if (!this.#last) this.floor = position;
    results.forEach((task) => this.rows.set(task.id, { task, seq: position }));
    this.#last = results.at(-1) ?? this.#last;
    this.next = next;
    this.#sorted = null;
  }

  /** Apply an event; return false where only the server knows what becomes of the list. */
  apply({ seq, action, occurred_at: _, ...task }) {
    const row = this.rows.get(task.id);
    if (seq <= (row?.seq ?? this.floor)) return true;
    const belongs = action !== "task_delete" && this.#passes(task);
    if (belongs && this.#asks && !hasSameText(task, row?.task)) return false;
    this.#count(seq, belongs, row || (action !== "task_create" && belongs));
    if (belongs && !this.#isBeyond(task)) this.rows.set(task.id, { task, seq });
    else if (!this.rows.delete(task.id)) return true;
    this.#sorted = null;
    return true;
  }

  /** Count what is certain; the rest is asked of the server. */
  #count(seq, belongs, belonged) {
    if (this.total && seq > this.total.seq) this.total.count += Number(belongs) - Number(Boolean(belonged));
  }

  /** Tell whether a task comes after what is loaded. */
  #isBeyond(task) {
    return this.next !== null && Boolean(this.#compare) && this.#compare(task, this.#last) > 0;
  }
}

const hasSameText = (task, known) => known?.title === task.title && known.description === task.description;
