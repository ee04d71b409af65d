// Tasks by mouse, by touch and by keyboard.
import { move, remove, step } from "./actions.js";
import { byId } from "./dom.js";
import { edit } from "./editor.js";

const columns = document.querySelector(".columns");
const HOLD = 300; // milliseconds for which a finger rests on a task before it takes it up; a mouse takes it by moving
const SLIP = 6; // pixels; less is no movement
let held = null; // what a pointer is on: `{ card, x, y, timer }`; with `isUp`, `status` once it is dragged

for (const name of ["touchmove", "contextmenu"]) { // who drags does not scroll, and wants no menu
  columns.addEventListener(name, (event) => held?.isUp && event.preventDefault(), { passive: false });
}

columns.addEventListener("click", ({ target, detail }) => {
  const card = target.closest(".task");
  if (!card) return;
  const { task } = card;
  if (target.closest(".icon") && detail > 1) return; // of a double click, the second is on what has moved there
  if (target.closest(".remove")) remove(task);
  else if (target.closest(".left")) step(task, -1);
  else if (target.closest(".right")) step(task, 1);
  else edit(task);
});

columns.addEventListener("pointerdown", ({ target, isPrimary, button, pointerType, pageX: x, pageY: y }) => {
  const card = target.closest(".task");
  if (!card || !isPrimary || button || target.closest(".icon")) return;
  held = { card, x, y, timer: pointerType === "touch" && setTimeout(takeUp, HOLD) };
});
addEventListener("pointermove", (event) => {
  if (!held) return;
  if (held.isUp && !event.buttons) return letGo(); // the page did not hear of the end
  const [x, y] = [event.pageX - held.x, event.pageY - held.y];
  if (!held.isUp && Math.hypot(x, y) > SLIP) held.timer ? letGo() : takeUp();
  if (!held?.isUp) return;
  held.card.style.translate = `${x}px ${y}px`;
  const lowest = columns.getBoundingClientRect().bottom - 1; // what is dropped below a column goes into it
  const place = document.elementFromPoint(event.clientX, Math.min(event.clientY, lowest));
  aim(place?.closest("[data-status]")?.dataset.status);
});
addEventListener("pointerup", () => {
  if (held?.isUp) move(held.card.task, held.status);
  setTimeout(letGo); // after the click, which is on what lies beneath
});
addEventListener("pointercancel", letGo);
addEventListener("keydown", ({ key }) => key === "Escape" && letGo());

/** Whether somebody drags a task. */
export const isDragging = () => Boolean(held?.isUp);

function takeUp() {
  held.isUp = true;
  held.card.classList.add("dragged");
}

function letGo() {
  if (!held) return;
  clearTimeout(held.timer);
  held.card.classList.remove("dragged");
  held.card.style.translate = "";
  aim(null);
  held = null;
}

/** Show where the task would go: to a column, or to the tab of one. */
function aim(status) {
  held.status = status;
  for (const one of document.querySelectorAll("[data-status]")) one.classList.toggle("aimed", one.dataset.status === status);
}

const STEPS = { ArrowLeft: -1, ArrowRight: 1 };

columns.addEventListener("keydown", (event) => {
  const card = event.target.closest(".task");
  if (!card || event.ctrlKey || event.metaKey || event.altKey) return;
  const act = actionOf(event, card);
  if (!act) return;
  event.preventDefault();
  if (!event.repeat || isStep(event)) act(); // a key that is held deletes and moves one task
});

const isStep = ({ key, shiftKey }) => key !== "Delete" && !shiftKey;

function actionOf({ key, shiftKey }, card) {
  const by = STEPS[key];
  if (key === "Delete") return () => remove(card.task);
  if (by && shiftKey) return () => step(card.task, by);
  if (by) return () => focusOn(cardBeside(card, by));
  if (key === "ArrowDown") return () => focusOn(card.nextElementSibling);
  if (key === "ArrowUp") return () => focusOn(card.previousElementSibling);
  return null;
}

/** Return the first task of the next column that has one. */
function cardBeside(card, by) {
  const next = by < 0 ? "previousElementSibling" : "nextElementSibling";
  let column = card.closest(".column")[next];
  while (column && !column.querySelector(".task")) column = column[next];
  return column?.querySelector(".task");
}

const focusOn = (card) => card?.querySelector(".title").focus();

/** Keep the focus while tasks change their places; give that of a task which goes to its neighbour. */
export function keepingFocus(rearrange) {
  const control = document.activeElement;
  const card = control?.closest(".task");
  const cards = [...(card?.parentElement.children ?? [])];
  const place = cards.indexOf(card);
  rearrange();
  if (!card || (control === document.activeElement && control.checkVisibility())) return;
  if (control.checkVisibility()) return control.focus();
  const nearest = [card, ...cards.slice(place + 1), ...cards.slice(0, place).reverse()];
  const found = nearest.find((one) => one.checkVisibility());
  if (found) return focusOn(found);
  const field = byId("creation").elements.title;
  field.dataset.untouched = ""; // the focus came to it by itself: Ctrl Z is not meant for what it holds
  for (const name of ["input", "blur"]) field.addEventListener(name, () => delete field.dataset.untouched, { once: true });
  field.focus();
}
