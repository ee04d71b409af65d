// The tasks that the board knows: a list to begin with, then one event after the other.
import { call } from "./session.js";

// By cursor: stable while tasks come and go.
const FIRST = "tasks/?cursor=&page_size=100";

export class Tasks {
  /** `onChange(id, task, action)` hears of each change; task is null for one that is gone. */
  constructor(onChange) {
    this.onChange = onChange;
    this.known = new Map();
    this.next = null;
  }

  /** List anew; return the position from which a stream misses nothing. */
  async list() {
    const { body, headers } = await call("GET", FIRST);
    const gone = new Set(this.known.keys());
    body.results.forEach((task) => gone.delete(task.id));
    gone.forEach((id) => this.forget(id));
    this.take(body);
    return Number(headers.get("Stream-Position"));
  }

  /** List the next page of older ones. */
  async listMore() {
    this.take((await call("GET", this.next)).body);
  }

  take({ results, next }) {
    results.forEach((task) => this.put(task));
    // Only its parameters: seen from behind a proxy, the server may have another name.
    this.next = next && `tasks/${new URL(next).search}`;
  }

  /** Apply an event of the stream. */
  apply({ action, ...task }) {
    if (action === "task_delete") this.forget(task.id, action);
    else this.put(task, action);
  }

  put(task, action) {
    const known = this.known.get(task.id);
    if (known && known.last_updated > task.last_updated) return; // the list was newer
    this.known.set(task.id, task);
    this.onChange(task.id, task, action);
  }

  forget(id, action) {
    if (this.known.delete(id)) this.onChange(id, null, action);
  }

  clear() {
    [...this.known.keys()].forEach((id) => this.forget(id));
    this.next = null;
  }
}
