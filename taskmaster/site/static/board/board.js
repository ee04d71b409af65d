// The board: three columns, drawn anew when something has changed.
import { create, tellMade } from "./actions.js";
import { arrange, focusOnSought, forgetRemoved, mark, refreshDates, taskOf } from "./cards.js";
import { tm } from "./client.js";
import { Column } from "./column.js";
import { forgetConnection, needConnection, observe } from "./connection.js";
import { byId, quoted } from "./dom.js";
import { hear, make } from "./editor.js";
import { chosen, isFiltered, onFilter } from "./filters.js";
import { handle } from "./forms.js";
import { isDragging, keepingFocus } from "./handling.js";
import { announce } from "./toasts.js";
import { showTour } from "./tour.js";

const MINUTE = 60_000; // milliseconds
const NEWS = { task_create: "New", task_update: "Changed", task_delete: "Deleted" };
const columns = [...document.querySelectorAll(".column")].map((element) => new Column(element, drawSoon));
let due = false;

/** Show the tasks of who is logged in, as the filters say. */
export function openBoard() {
  const { query, keep } = chosen();
  columns.forEach((column) => column.open(query, keep));
}

export function closeBoard() {
  columns.forEach((column) => column.close());
  forgetConnection();
}

function drawSoon() {
  const lists = columns.map((column) => column.live);
  if (lists.every(Boolean)) observe(lists);
  if (due) return;
  due = true;
  requestAnimationFrame(draw);
}

function draw() {
  if (isDragging()) return requestAnimationFrame(draw); // what is held stays under the pointer
  due = false;
  keepingFocus(() => columns.forEach((column) => arrange(column.list, column.shownTasks)));
  focusOnSought();
  forgetRemoved();
  columns.forEach(drawRest);
  const isEmpty = columns.every((column) => column.ready && column.count === 0);
  showTour(isEmpty && !isFiltered());
}

function drawRest(column) {
  const section = column.list.parentElement;
  const { count, ready } = column;
  const [empty, more] = [section.querySelector(".empty"), section.querySelector(".more")];
  section.ariaBusy = String(!ready);
  const loses = more === document.activeElement && !column.hasMore;
  more.hidden = !column.hasMore;
  if (loses) column.list.children[column.seen]?.querySelector(".title").focus();
  empty.hidden = !ready || column.list.childElementCount > 0 || column.hasMore;
  empty.textContent = isFiltered() ? "Nothing that fits." : "Nothing here.";
  for (const place of document.querySelectorAll(`[data-count="${column.status}"]`)) {
    place.textContent = count === null ? "…" : count.toLocaleString("en");
  }
}

tm.onEvent((event, own) => {
  hear(event, own);
  if (own) return;
  mark(event.id, NEWS[event.action]);
  const title = event.title ?? taskOf(event.id)?.title;
  announce(`${NEWS[event.action]} elsewhere${title ? `: ${quoted(title)}` : ""}.`);
});

const creation = byId("creation");
handle(creation, async ({ title }) => {
  needConnection();
  tellMade(await create({ title }));
  clear(title);
});
byId("details").addEventListener("click", () => {
  const title = creation.elements.title.value;
  make({ title }, () => clear(title));
});

/** Clear the field of what was made, unless something else has been typed meanwhile. */
function clear(title) {
  if (creation.elements.title.value === title) creation.reset();
}

const tick = onFilter(openBoard);
setInterval(() => {
  if (!columns.every((column) => column.ready)) return;
  tick();
  refreshDates();
  drawSoon();
}, MINUTE);
