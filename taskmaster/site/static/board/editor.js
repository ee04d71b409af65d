// The dialog in which a task is made or changed.
import { create, remove, tellMade } from "./actions.js";
import { taskOf } from "./cards.js";
import { tm } from "./client.js";
import { needConnection } from "./connection.js";
import { ago, fromFields, moment, toFields } from "./dates.js";
import { byId, focusOnHeading } from "./dom.js";
import { handle, intoSight, inWords, tell } from "./forms.js";
import { hold, offer, release } from "./toasts.js";

const dialog = byId("editor");
const form = dialog.querySelector("form");
const scratch = form.cloneNode(true); // a field puts what it gets into its own form, line ends say
const NEW = { title: "", description: "", status_task: "TO DO", priority: "MEDIUM", due_date: null };
const OVERWRITES = "This was changed elsewhere meanwhile. Save overwrites it with what you typed.";
const UNSAVED = "What you typed is not saved.";
let task = null; // as it was when the dialog opened, and as others have changed it since; null for a new one
let shown = {}; // what the fields showed then
let saved = false;
let sent = ""; // what was typed when it was saved last
let opening = 0; // the number of the last time that the dialog was opened
let deleted = null; // the id of the task that was deleted elsewhere while it was open here
let whenMade = () => {};
let owner; // the id of whoever types here; null once they have logged out
let key; // the id of the task that was opened, or what tells one new task from another
const drafts = new Set(); // what was typed and is neither saved nor opened again, by all who were logged in here

/** Change a task. */
export function edit(one, typed = {}) {
  task = one;
  whenMade = () => {};
  open(typed);
}

/** Make a task; `typed` is what there is already. */
export function make(typed, made = () => {}) {
  task = null;
  whenMade = made;
  open(typed);
}

function open(typed) {
  saved = false;
  opening++;
  dialog.returnValue = "";
  deleted = null;
  form.ariaBusy = null;
  key = task?.id ?? `new-${opening}`;
  forget(key);
  form.reset(); // also what is half typed, and so no value
  show(task ?? NEW, typed);
  tell(form, {});
  say("");
  byId("editor-heading").textContent = task ? "Task" : "New task";
  byId("editor-remove").hidden = !task;
  byId("editor-dates").textContent = task ? `Made ${moment(task.date_created)}, changed ${ago(task.last_updated)}.` : "";
  if (!dialog.open) dialog.showModal();
}

const fieldsOf = ({ title, description, status_task, priority, due_date: due }) => ({
  title, description, status_task, priority, ...toFields(due),
});

/** Show a task, and what was typed over it. What somebody is typing is left alone, with its caret. */
function show(one, typed) {
  for (const [name, value] of Object.entries(fieldsOf(one))) scratch.elements[name].value = value;
  shown = read(scratch);
  for (const [name, value] of Object.entries({ ...shown, ...typed })) {
    const field = form.elements[name];
    if (field.value !== value && !field.validity.badInput) field.value = value;
  }
}

const read = (from = form) => Object.fromEntries(new FormData(from));
const typedFields = (before = shown) =>
  Object.fromEntries(Object.entries(read()).filter(([name, value]) => value !== shown[name] && value !== before[name]));

/** Return what was typed, as the API takes it: of a task only what is another now. */
function changes() {
  const fields = read();
  const { due_date: _, due_time: __, ...body } = task ? typedFields() : fields;
  const isNewDate = fields.due_date !== shown.due_date;
  if (fields.due_time && !fields.due_date) refuseDate("A time needs a date.");
  if (isNewDate && !/^([1-9]\d{3}-|$)/.test(fields.due_date)) refuseDate("Please give the year in four digits."); // 26 is the year 26
  if (!isNewDate && fields.due_time === shown.due_time) return body;
  const due = fromFields(fields);
  if (toFields(due).due_time !== fields.due_time) refuseDate("There is no such time on that day: clocks are put forward.");
  return { ...body, due_date: due };
}

function refuseDate(why) {
  throw Object.assign(new Error(), { code: "no_date", errors: { due_date: [why] } });
}

handle(form, async () => {
  const body = changes();
  const [mine, before, draft] = [opening, read(), draftOf(typedFields())];
  const { one, made, typed } = draft;
  sent = JSON.stringify(typed);
  const isHere = () => dialog.open && mine === opening; // it may have been closed meanwhile
  let answer;
  try {
    if (Object.keys(body).length) {
      needConnection();
      answer = await (one ? tm.tasks.update(one.id, body) : create(body));
    }
  } catch (error) {
    if (isHere() && task && error.code === "not_found") return hear({ id: one.id, action: "task_delete" });
    if (isHere()) throw error;
    return goOn(`What you typed was not saved: ${inWords(error)}`, draft);
  }
  if (!one) made();
  if (isHere()) {
    const later = typedFields(before);
    if (Object.keys(later).length) edit(answer ?? one, later);
    else discard();
  }
  if (!one && tm.user?.id === draft.owner) tellMade(answer);
});

byId("editor-cancel").addEventListener("click", () => dialog.close("cancelled"));
byId("editor-remove").addEventListener("click", async () => {
  const [one, draft] = [task, draftOf(typedFields())];
  discard();
  if (!(await remove(one))) goOn(UNSAVED, draft);
});
dialog.addEventListener("close", () => {
  keep();
  const has = document.activeElement; // not where it was before, if that is gone
  if (has === document.body || !has.checkVisibility()) focusOnHeading({ preventScroll: true });
});

/** Offer to go on with what was typed and is not saved. */
function keep() {
  const typed = typedFields();
  if (saved) return;
  if (form.ariaBusy && (!task || JSON.stringify(typed) === sent)) return; // the answer says what has become of it
  goOn(UNSAVED, draftOf(typed));
}

const draftOf = (typed) => ({
  owner, key, one: task, before: shown, made: whenMade, typed, isCancelled: dialog.returnValue === "cancelled",
});

/** Offer it to who typed it: now, or when they are back. */
function goOn(text, draft) {
  if (!Object.keys(draft.typed).length) return;
  drafts.add(Object.assign(draft, { text }));
  if (tm.user?.id === draft.owner) offerDraft(draft);
}

function offerDraft(draft) {
  const { text, one, before, made, typed } = draft;
  const toast = offer(text, "Go on", () => {
    drafts.delete(draft);
    const now = taskOf(draft.key) ?? one; // it may have changed, gone or come back
    if (!now) return make(typed, made);
    edit(now, typed);
    if (draft.isGone) hear({ id: now.id, action: "task_delete" });
    else if (one && overwrites(before, typed)) say(OVERWRITES);
  });
  hold(toast, draft.key);
}

/** Forget the drafts of a task: it is open again. */
function forget(id) {
  release(id);
  for (const draft of drafts) if (draft.key === id && draft.owner === owner) drafts.delete(draft);
}

tm.onEvent(({ id, action }) => {
  for (const draft of drafts) if (draft.key === id) draft.isGone = action === "task_delete";
});

/** Close it: the session has ended, and `why` where nobody meant it to. What was typed waits for who typed it. */
export function leave(why) {
  if (dialog.open) keep();
  discard();
  if (!why) owner = null;
}

addEventListener("beforeunload", (event) => {
  const isTyped = dialog.open && Object.keys(typedFields()).length > 0;
  if (isTyped || [...drafts].some((draft) => draft.owner === owner && !draft.isCancelled)) event.preventDefault();
});

/** Offer who has logged in what they left here, and nobody else. */
export function comeBack() {
  owner = tm.user.id;
  for (const draft of drafts) if (draft.owner === tm.user.id) offerDraft(draft);
}

/** Take a change into the fields that nobody has touched here; tell of it where it is not one's own. */
export function hear(event, own = false) {
  if (!dialog.open || (event.id !== task?.id && event.id !== deleted)) return;
  if (event.id === deleted) {
    deleted = null;
    task = event;
    show(event, read());
    byId("editor-remove").hidden = false;
    return say("This task was deleted and brought back elsewhere.");
  }
  if (event.action === "task_delete") {
    deleted = task.id;
    task = null;
    shown = fieldsOf(NEW);
    byId("editor-remove").hidden = true;
    return say("This task was deleted elsewhere. Save creates a new task from these fields.");
  }
  const typed = typedFields();
  const before = shown;
  task = event;
  show(event, typed);
  if (own) return; // it was opened between the answer and this event
  const isHalf = (name) => form.elements[name].validity.badInput && before[name] !== shown[name];
  say(isHalf("due_date") || isHalf("due_time") || overwrites(before, typed) ? OVERWRITES : "This was changed elsewhere; what you see is new.");
}

/** Tell whether what was typed over `before` hides what others have written there since. */
function overwrites(before, typed) {
  return Object.keys(typed).some((name) => before[name] !== shown[name] && shown[name] !== typed[name]);
}

function say(text) {
  const [place, field] = [byId("elsewhere"), document.activeElement];
  const before = seenAt(field);
  place.textContent = text;
  place.hidden = !text;
  if (text) intoSight(place);
  if (before && !seenAt(field)) dialog.scrollTop += field.getBoundingClientRect().top - before.top; // somebody types there
}

/** Return where the dialog shows a field, where it does. */
function seenAt(field) {
  const [inner, outer] = [field, dialog].map((one) => one.getBoundingClientRect());
  return dialog.contains(field) && inner.bottom > outer.top && inner.top < outer.bottom ? inner : null;
}

/** Close it, and forget what was typed. */
export function discard() {
  saved = true;
  dialog.close();
}
