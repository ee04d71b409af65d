// What is done to a task from its card: it is moved, deleted, brought back.
import { nameOf } from "./cards.js";
import { tm } from "./client.js";
import { needConnection } from "./connection.js";
import { announce, complain, offer } from "./toasts.js";

export async function move(task, status) {
  if (!status || status === task.status_task) return;
  await attempt(`“${task.title}” was not moved.`, async () => {
    await tm.tasks.update(task.id, { status_task: status });
    announce(`“${task.title}” is in ${nameOf(status)} now.`);
  });
}

export async function remove(task) {
  await attempt(`“${task.title}” was not deleted.`, async () => {
    await tm.tasks.remove(task.id);
    offer(`“${task.title}” is deleted.`, "Undo", () => restore(task));
  });
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
