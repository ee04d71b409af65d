// What is done to a task from its card: it is moved, deleted, brought back.
import { nameOf, seek, statusBeside } from "./cards.js";
import { tm } from "./client.js";
import { needConnection } from "./connection.js";
import { quoted } from "./dom.js";
import { isFiltered } from "./filters.js";
import { awaitUndo, complain, offer, report, takeByKey } from "./toasts.js";
import { newKey } from "/client/http.js";

const leaving = new Set(); // the ids of tasks that are being deleted
const moving = new Map(); // by the id of a task: `{ status, done }`, where it shall go, and when it has
const KEPT = 600_000; // milliseconds for which the same is taken for a repetition
const unanswered = new Map(); // by what was to be made: `{ key, time }`

/** Make a task: one, however often the same is sent until there is a reply. */
export async function create(fields) {
  const text = JSON.stringify(fields);
  const before = unanswered.get(text);
  const key = before && Date.now() - before.time < KEPT ? before.key : newKey();
  unanswered.set(text, { key, time: Date.now() });
  try {
    const task = await tm.tasks.create(fields, { key });
    unanswered.delete(text);
    return task;
  } catch (error) {
    if (error.status >= 400 && error.status < 500) unanswered.delete(text);
    throw error;
  }
}

/** Tell of a task that was made: it may be where nobody looks. */
export function tellMade({ title, status_task: status }) {
  report(`${quoted(title)} is added to ${nameOf(status)}.${isFiltered() ? " The filters may hide it." : ""}`);
}

/** Move a task by a column, also while it is still on its way to another. */
export const step = (task, by) => move(task, statusBeside(wantedOf(task), by));

export async function move(task, status) {
  if (!status || status === wantedOf(task) || leaving.has(task.id)) return;
  const before = moving.get(task.id)?.done ?? Promise.resolve();
  const mine = { status, done: before.then(() => moveNow(task, status)) }; // one after the other, as they were meant
  moving.set(task.id, mine);
  await mine.done.finally(() => moving.get(task.id) === mine && moving.delete(task.id));
}

const wantedOf = (task) => moving.get(task.id)?.status ?? task.status_task;

function moveNow(task, status) {
  const isHere = watchUser();
  return attempt(`${quoted(task.title)} was not moved.`, async () => {
    await tm.tasks.update(task.id, { status_task: status });
    if (isHere()) report(`${quoted(task.title)} is in ${nameOf(status)} now.`);
  });
}

/** Delete a task; tell whether it goes. */
export async function remove(task) {
  if (leaving.has(task.id)) return true;
  leaving.add(task.id);
  const isHere = watchUser();
  const deletion = attempt(`${quoted(task.title)} was not deleted.`, async () => {
    await moving.get(task.id)?.done.catch(() => {}); // a move that is queued would find nothing
    await tm.tasks.remove(task.id).catch(unless("not_found"));
    if (isHere()) offerBack(task);
  }).finally(() => leaving.delete(task.id));
  awaitUndo(deletion);
  return deletion;
}

/** Return what throws an error, unless it says that all is already as it should be. */
const unless = (code) => (error) => {
  if (error.code !== code) throw error;
};

/** Offer a deleted task; Ctrl Z takes the offer too. */
function offerBack(task) {
  takeByKey(offer(`${quoted(task.title)} is deleted.`, "Undo", () => restore(task)));
}

async function restore(task) {
  const [failure, isHere] = [`${quoted(task.title)} was not brought back.`, watchUser()];
  const done = await attempt(failure, () => tm.tasks.restore(task.id).catch(unless("already_exists")));
  if (!isHere()) return;
  if (!done) return offerBack(task);
  report(`${quoted(task.title)} is back.`);
  seek(task.id);
}

/** Return what tells whether who is logged in now still is: nobody else is told of what they do. */
function watchUser() {
  const id = tm.user?.id;
  return () => tm.user?.id === id;
}

async function attempt(failure, act) {
  const isHere = watchUser();
  try {
    needConnection();
    await act();
    return true;
  } catch (error) {
    if (isHere() || !tm.user) complain(failure, error);
    if (!error.code) throw error;
    return false;
  }
}
