// What the live lists of one client share: the session, one stream, and who wrote what.
import { TaskmasterError } from "./http.js";
import { Listeners } from "./session.js";
import { Stream } from "./stream.js";

const REMEMBERED = 1000; // own writes that are told apart from those of others
const PATIENCE = 10_000; // milliseconds for which events wait for the answer to a write

export class Feed {
  session;
  stream;
  #lists = new Set();
  #userId;
  #events = new Listeners();
  #order = Promise.resolve(); // of what is told to listeners of events
  #writing = new Set(); // own writes that events wait for
  #written = new Set(); // what they were answered
  #forgetUser;

  constructor(session, open) {
    this.session = session;
    this.stream = new Stream(session, open, {
      event: (event) => this.#take(event),
      reset: () => this.#lists.forEach((list) => list.reset()),
      state: () => this.#lists.forEach((list) => list.tellState()),
    });
    this.#forgetUser = session.onUser((user) => this.#turn(user));
    globalThis.addEventListener?.("online", this.#hurry);
    globalThis.addEventListener?.("offline", this.#cut);
    globalThis.document?.addEventListener("visibilitychange", this.#hurry);
  }

  join(list) {
    this.#lists.add(list);
    if (this.session.current) list.load();
  }

  part(list) {
    this.#lists.delete(list);
    if (!this.#lists.size) this.stream.stop();
  }

  /** Get a page of tasks; `next` is a cursor if it was asked for by cursor, `position` where the log stood before. */
  async list(query) {
    const { body, headers } = await this.session.request("GET", "tasks/", { query });
    const next = body.next && (new URL(body.next).searchParams.get("cursor") ?? body.next);
    return { ...body, next, position: Number(headers.get("Stream-Position")) };
  }

  /** Follow from a position on. Throws a TaskmasterError where the stream has begun after it. */
  follow(position) {
    if (this.stream.state === "stopped") this.stream.start(position);
    if (this.stream.floor <= position) return;
    throw new TaskmasterError({ code: "position_expired", status: 410, detail: "The list is older than the stream." });
  }

  /** Note a write of one's own, and what was answered: a task, or the `id` of a deleted one. */
  async note(write) {
    const answered = write.then((tasks) => {
      [tasks].flat().forEach((task) => this.#written.add(nameOf(task)));
      for (const name of [...this.#written].slice(0, -REMEMBERED)) this.#written.delete(name);
    }, () => {});
    let timer;
    const overdue = new Promise((resolve) => (timer = setTimeout(resolve, PATIENCE)));
    const awaited = Promise.race([answered, overdue]);
    this.#writing.add(awaited);
    await awaited;
    clearTimeout(timer);
    this.#writing.delete(awaited);
    return write;
  }

  /** Call `listener(event, own)` after each event of the stream; `own` if this client wrote it. */
  onEvent(listener) {
    return this.#events.add(listener);
  }

  close() {
    this.#lists.forEach((list) => list.close());
    this.#forgetUser();
    globalThis.removeEventListener?.("online", this.#hurry);
    globalThis.removeEventListener?.("offline", this.#cut);
    globalThis.document?.removeEventListener("visibilitychange", this.#hurry);
  }

  #take(event) {
    this.#lists.forEach((list) => list.take(event));
    const userId = this.#userId;
    // An event may come before the answer to the write that it tells of.
    const answered = Promise.all(this.#writing);
    const tell = () => {
      if (userId !== this.#userId) return;
      // The task is there again: its removal, which no event has told of, is over.
      if (event.action !== "task_delete") this.#written.delete(nameOf({ id: event.id }));
      this.#events.emit(event, this.#written.delete(nameOf(event)));
    };
    this.#order = this.#order.then(() => answered).then(tell);
  }

  #turn(user) {
    if (user?.id === this.#userId) return;
    this.#userId = user?.id;
    this.stream.stop();
    for (const list of this.#lists) {
      list.clear();
      if (user) list.load();
    }
  }

  #cut = () => this.stream.cut();
  #hurry = () => {
    if (globalThis.document?.visibilityState === "hidden") return;
    this.stream.hurry();
    this.#lists.forEach((list) => list.hurry());
  };
}

/** Name one change of one task. */
const nameOf = ({ id, last_updated: time }) => `${id} ${time ?? "deleted"}`;
