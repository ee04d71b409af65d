// One column: a live list of one status, of which a part is shown.
import { tm } from "./client.js";
import { complain } from "./toasts.js";

const PAGE = 50;

export class Column {
  seen = 0; // how many there were before more were asked for
  #element;
  #changed;
  #live = null;
  #next = null; // the list that takes its place, once it is here
  #keep = null; // what the server cannot filter by: then all is loaded
  #nextKeep = null;
  #shown = PAGE;
  #count = null;

  constructor(element, changed) {
    this.#element = element;
    this.#changed = changed;
    this.list = element.querySelector(".tasks");
    element.querySelector(".more").addEventListener("click", () => this.more());
  }

  get status() {
    return this.#element.dataset.status;
  }

  /** The list whose state matters: the one that is shown, unless the next one cannot be had. */
  get live() {
    return this.#next?.state === "offline" ? this.#next : (this.#live ?? this.#next);
  }

  /** Whether its tasks are known. */
  get ready() {
    return this.#live !== null;
  }

  get tasks() {
    const tasks = this.#live?.tasks ?? [];
    return this.#keep ? tasks.filter(this.#keep) : tasks;
  }

  get shownTasks() {
    return this.tasks.slice(0, this.#shown);
  }

  /** How many there are, loaded or not; null while that is not known. */
  get count() {
    if (!this.#live) return null;
    const kept = () => (this.#live.hasMore ? null : this.tasks.length);
    this.#count = (this.#keep ? kept() : this.#live.count) ?? this.#count;
    return this.#count;
  }

  get hasMore() {
    return this.tasks.length > this.#shown || Boolean(this.#live?.hasMore);
  }

  /** Show the tasks of another query; what there is stays until they are here. */
  open(query, keep) {
    this.#next?.close();
    this.#nextKeep = keep;
    const next = tm.tasks.live({ ...query, status_task: this.status }, { limit: keep ? undefined : PAGE });
    this.#next = next;
    const react = () => {
      if (next === this.#next && (next.state === "live" || next.tasks.length)) this.#turn();
      this.#changed();
    };
    next.subscribe(react);
    next.onState(react);
  }

  close() {
    [this.#live, this.#next].forEach((list) => list?.close());
    this.#live = this.#next = this.#count = null;
    this.#changed();
  }

  async more() {
    this.seen = this.list.childElementCount;
    this.#shown += PAGE;
    this.#changed();
    if (this.tasks.length >= this.#shown) return;
    const live = this.#live;
    try {
      await live?.more();
    } catch (error) {
      if (live !== this.#live) return; // nobody looks at it any more
      this.#shown = Math.max(PAGE, this.tasks.length); // else what comes later by itself is shown unasked
      complain("No more tasks could be loaded.", error);
    }
  }

  #turn() {
    this.#live?.close();
    this.#live = this.#next;
    this.#keep = this.#nextKeep;
    this.#next = this.#count = null;
    this.#shown = PAGE;
  }
}
