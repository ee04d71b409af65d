// What is done to a task from its card: it is moved, deleted, brought back.
import { nameOf } from "./cards.js";
import { tm } from "./client.js";
import { needConnection } from "./connection.js";
import { announce, complain, offer } from "./toasts.js";
import { newKey } from "/client/http.js";

const leaving = new Set(); // the ids of tasks that are being deleted
let last = {}; // what was to be made last, as text, and its key

/** Make a task: one, however often the same is sent until there is a reply. */
export async function create(fields) {
  const text = JSON.stringify(fields);
  if (text !== last.text) last = { text, key: newKey() };
  const { key } = last;
  await tm.tasks.create(fields, { key });
  if (last.key === key) last = {};
}

export async function move(task, status) {
  if (!status || status === task.status_task) return;
  await attempt(`“${task.title}” was not moved.`, async () => {
    await tm.tasks.update(task.id, { status_task: status });
    announce(`“${task.title}” is in ${nameOf(status)} now.`);
  });
}

export async function remove(task) {
  if (leaving.has(task.id)) return;
  leaving.add(task.id);
  await attempt(`“${task.title}” was not deleted.`, async () => {
    await tm.tasks.remove(task.id);
    offer(`“${task.title}” is deleted.`, "Undo", () => restore(task));
  }).finally(() => leaving.delete(task.id));
}

async function restore(task) {
  const done = await attempt(`“${task.title}” was not brought back.`, () => tm.tasks.restore(task.id));
  if (!done) offer(`“${task.title}” is deleted.`, "Undo", () => restore(task));
}

async function attempt(failure, act) {
  try {
    needConnection();
    await act();
    return true;
  } catch (error) {
    complain(failure, error);
    if (!error.code) throw error;
    return false;
  }
}
