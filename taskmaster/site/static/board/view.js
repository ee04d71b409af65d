// Puts tasks on the page. Elements are kept and changed in place, so that focus stays where it is.
const template = document.getElementById("task");
const elements = new Map();
const byStatus = (status) => document.querySelector(`[data-status="${status}"] .tasks`);

/** Show a task as it is now, or take it away where it is null. */
export function show(id, task) {
  const element = elements.get(id) ?? (task && make(id));
  if (!task) {
    keepFocus(element);
    elements.delete(id);
    element.remove();
  } else {
    fill(element, task);
    place(element, task);
  }
  count();
}

function make(id) {
  const element = template.content.firstElementChild.cloneNode(true);
  element.dataset.id = id;
  elements.set(id, element);
  return element;
}

function fill(element, task) {
  element.querySelector(".title").textContent = task.title;
  element.querySelector(".description").textContent = task.description;
  element.querySelector(".description").hidden = !task.description;
  const due = task.due_date ? ` · due ${new Date(task.due_date).toLocaleDateString()}` : "";
  const priority = task.priority ?? "MEDIUM";
  element.dataset.priority = priority;
  element.querySelector(".priority").textContent = priority[0] + priority.slice(1).toLowerCase() + due;
  element.querySelector(".status").value = task.status_task;
  element.querySelector(".status").setAttribute("aria-label", `Status of ${task.title}`);
  element.querySelector(".remove").setAttribute("aria-label", `Delete ${task.title}`);
}

/** Put it in its column, newest first. */
function place(element, task) {
  const key = task.date_created + task.id;
  const list = byStatus(task.status_task);
  if (element.parentElement === list) return;
  const focused = element.contains(document.activeElement) && document.activeElement;
  element.dataset.key = key;
  const after = [...list.children].find((other) => other.dataset.key < key);
  list.insertBefore(element, after ?? null);
  if (focused) focused.focus();
}

/** Give the focus of a task that goes to its neighbour. */
function keepFocus(element) {
  if (!element.contains(document.activeElement)) return;
  const neighbour = element.nextElementSibling ?? element.previousElementSibling;
  (neighbour?.querySelector(".remove") ?? document.querySelector("#creation [name=title]")).focus();
}

function count() {
  for (const column of document.querySelectorAll(".column")) {
    const number = column.querySelector(".tasks").children.length;
    column.querySelector(".count").textContent = number;
    column.querySelector(".empty").hidden = number > 0;
  }
}
