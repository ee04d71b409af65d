// What is shown and in which order, kept in the address of the page.
import { tm } from "./client.js";
import { today, urgency } from "./dates.js";
import { byId, whenQuiet } from "./dom.js";

const TYPING = 250; // milliseconds
const SOON = 2 * 86_400_000; // what is overdue is due before, in any zone
const form = byId("filters");

export const isFiltered = () => ["search", "priority", "overdue"].some((name) => fields()[name]?.trim());

/** Return the query for the lists, and what of them to keep where the server cannot tell. */
export function chosen() {
  const { search, ordering, priority, overdue } = fields();
  const query = { ordering, search: search.trim() || undefined, due_before: overdue && new Date(Date.now() + SOON) };
  const tests = [
    priority && ((task) => task.priority === priority),
    overdue && ((task) => urgency(task) === "overdue"),
  ].filter(Boolean);
  return { query, keep: tests.length ? (task) => tests.every((test) => test(task)) : null };
}

/** Call `changed()` when something else shall be shown. */
export function onFilter(changed) {
  const act = () => {
    if (location.pathname === "/") remember(); // else it is left already, and that has done so
    changed();
  };
  let day = today();
  form.addEventListener("input", whenQuiet(TYPING, act));
  form.addEventListener("submit", (event) => event.preventDefault());
  return function tick() {
    if (day !== today()) changed();
    day = today();
  };
}

const fields = () => Object.fromEntries(new FormData(form));

/** Keep what is chosen in the address of the board, and who has chosen it. */
export function remember() {
  const said = Object.entries(fields()).filter(([name, value]) => value && value !== form.elements[name][0]?.value);
  const query = new URLSearchParams(said).toString();
  history.replaceState({ owner: tm.user?.id }, "", query ? `?${query}` : location.pathname);
}

/** Choose what the address of the board says; tell whether it is something else than before. */
export function recall() {
  const before = JSON.stringify(fields());
  const asked = new URLSearchParams(location.search);
  form.reset();
  for (const field of form.elements) {
    if (!asked.has(field.name)) continue;
    if (field.type === "checkbox") field.checked = true;
    else field.value = asked.get(field.name);
  }
  for (const select of form.querySelectorAll("select")) select.selectedIndex = Math.max(select.selectedIndex, 0);
  return JSON.stringify(fields()) !== before;
}

recall();
byId("more-filters").addEventListener("click", ({ currentTarget: button }) => {
  button.ariaExpanded = String(button.ariaExpanded !== "true");
});
