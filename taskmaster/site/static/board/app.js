// The live task board: ties the session, the tasks, the stream and the page together.
import "./entrance.js";
import * as session from "./session.js";
import { follow } from "./stream.js";
import { Tasks } from "./tasks.js";
import { show } from "./view.js";

const byId = (id) => document.getElementById(id);
const NEWS = { task_create: "New task", task_update: "Changed", task_delete: "Deleted" };
const STATES = { live: "Live", connecting: "Connecting" };
const RETRY = 2000; // milliseconds

const titles = new Map();
const tasks = new Tasks((id, task, action) => {
  if (action) byId("news").textContent = `${NEWS[action]}: ${(task ?? titles.get(id)).title}`;
  if (task) titles.set(id, task);
  else titles.delete(id);
  show(id, task);
});
let stop = () => {};

function complain(message) {
  byId("problem").textContent = message ?? "";
  byId("problem").hidden = !message;
}

function setState(name) {
  byId("state").dataset.state = name;
  byId("state").textContent = STATES[name];
}

/** List, then follow from where the list stood: nothing falls between. */
async function start(user) {
  stop();
  stop = () => {};
  setState("connecting");
  try {
    const position = await tasks.list();
    byId("more").hidden = !tasks.next;
    if (session.current()?.username !== user.username) return;
    stop = follow(position, { event: (event) => tasks.apply(event), reset: () => start(user), state: setState });
  } catch (error) {
    if (!session.current()) return;
    complain(error.message);
    setTimeout(() => session.current() && start(user), RETRY);
    return;
  }
  complain();
}

function turn(user, why) {
  byId("entrance").hidden = Boolean(user);
  byId("board").hidden = byId("account").hidden = !user;
  byId("who").textContent = user?.username ?? "";
  complain(why);
  if (user) {
    start(user);
    byId("creation").elements.title.focus();
  } else {
    stop();
    tasks.clear();
    byId("credentials").elements.username.focus();
  }
}

/** Do something by the API; what it changes comes back by the stream. */
async function act(method, path, body) {
  try {
    const reply = await session.call(method, path, body);
    complain();
    return reply.body;
  } catch (error) {
    complain(Object.values(error.errors ?? {}).flat()[0] ?? error.message);
    return null;
  }
}

byId("creation").addEventListener("submit", async (event) => {
  event.preventDefault();
  const { title, priority } = event.target.elements;
  const task = await act("POST", "tasks/", { title: title.value, priority: priority.value });
  if (task) title.value = "";
});
byId("board").addEventListener("change", async ({ target }) => {
  if (!target.matches(".status")) return;
  const { id } = target.closest(".task").dataset;
  const done = await act("PATCH", `tasks/${id}/`, { status_task: target.value });
  if (!done && tasks.known.has(id)) target.value = tasks.known.get(id).status_task;
});
byId("board").addEventListener("click", ({ target }) => {
  const button = target.closest(".remove");
  if (button) act("DELETE", `tasks/${button.closest(".task").dataset.id}/`);
});
byId("more").addEventListener("click", async () => {
  await tasks.listMore().catch((error) => complain(error.message));
  byId("more").hidden = !tasks.next;
});
byId("log-out").addEventListener("click", () => session.logOut());

session.onChange(turn);
turn(session.current());
