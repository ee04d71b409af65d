// The element of each task. Elements are kept and changed in place, so that focus stays where it is.
import { STATUSES } from "./client.js";
import { describeDue, dueInFull, urgency } from "./dates.js";
import { byId } from "./dom.js";

const MARKED = 5000; // milliseconds
const PRIORITIES = { HIGH: "High", MEDIUM: "", LOW: "Low" }; // what is usual needs no word
const elements = new Map(); // by the id of the task
const marks = new Map(); // likewise
let sought = null; // the id of the task that shall have the focus

/** The name of a status, as its column shows it. */
export const nameOf = (status) => document.querySelector(`.column[data-status="${status}"]`).dataset.name;
export const statusBeside = (status, step) => STATUSES[STATUSES.indexOf(status) + step];

/** Return the element of a task, as the task is now. */
export function elementOf(task) {
  let element = elements.get(task.id);
  if (!element) {
    element = byId("card").content.firstElementChild.cloneNode(true);
    elements.set(task.id, element);
  }
  if (element.task !== task) fill(element, task);
  return element;
}

/** Put tasks into a list, in their order; move only what stands elsewhere. */
export function arrange(list, tasks) {
  const wanted = new Set(tasks.map(elementOf));
  for (const element of [...list.children]) if (!wanted.has(element)) element.remove();
  let next = list.firstElementChild;
  for (const element of wanted) {
    if (element === next) next = next.nextElementSibling;
    else list.insertBefore(element, next);
  }
}

/** Forget the elements that no list shows. */
export function forgetRemoved() {
  for (const [id, element] of elements) if (!element.isConnected) elements.delete(id);
}

/** Mark a task for a moment, also one that comes with the next drawing: it was changed elsewhere. */
export function mark(id, label) {
  clearTimeout(marks.get(id)?.timer);
  const unmark = () => {
    marks.delete(id);
    setBadge(id);
  };
  marks.set(id, { label, timer: setTimeout(unmark, MARKED) });
  setBadge(id);
}

/** Give a task the focus once it is shown, unless somebody has put the focus elsewhere by then. */
export function seek(id) {
  sought = id;
  focusOnSought();
}

export function focusOnSought() {
  const element = elements.get(sought);
  if (!element?.isConnected) return;
  sought = null;
  if (document.activeElement.matches("h1, body")) element.querySelector(".title").focus();
}

/** The task of an id, as it is now, where the board shows it. */
export const taskOf = (id) => elements.get(id)?.task;

/** Show anew what depends on the time of day. */
export const refreshDates = () => elements.forEach((element) => setDue(element, element.task));

function setBadge(id) {
  const element = elements.get(id);
  const badge = element?.querySelector(".badge");
  if (!badge) return;
  badge.textContent = marks.get(id)?.label ?? "";
  badge.hidden = !badge.textContent;
  element.classList.toggle("marked", !badge.hidden);
}

function fill(element, task) {
  const find = (name) => element.querySelector(`.${name}`);
  Object.assign(element, { task });
  element.dataset.id = task.id;
  element.dataset.priority = task.priority;
  find("title").textContent = task.title;
  find("description").textContent = task.description;
  find("description").hidden = !task.description;
  find("priority").textContent = PRIORITIES[task.priority];
  setBadge(task.id);
  setDue(element, task);
  setMove(find("left"), task, -1);
  setMove(find("right"), task, 1);
  name(find("remove"), `Delete ${task.title}`);
}

function setDue(element, task) {
  const due = element.querySelector(".due");
  due.hidden = !task.due_date;
  due.dataset.urgency = urgency(task);
  if (due.hidden) return;
  due.dateTime = task.due_date;
  due.title = `Due ${dueInFull(task.due_date)}`;
  due.textContent = `${due.dataset.urgency === "overdue" ? "Overdue: " : ""}${describeDue(task.due_date)}`;
}

function setMove(button, task, step) {
  const status = statusBeside(task.status_task, step);
  button.hidden = !status;
  if (status) name(button, `Move ${task.title} to ${nameOf(status)}`);
}

function name(button, text) {
  button.ariaLabel = button.title = text;
}
