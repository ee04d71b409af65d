// Due dates in the reader's own zone. A time of exactly 00:00Z is a date, the same day everywhere.
const DAY = 86_400_000; // milliseconds
const LOCALE = navigator.language.startsWith("en") ? navigator.language : "en-GB"; // the page is in English
const RELATIVE = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const UNITS = [["day", DAY], ["hour", DAY / 24], ["minute", DAY / 1440]];

const isDate = (time) => time.getTime() % DAY === 0;
// Not by Date.UTC: it takes the years 0 to 99 for those of a later century.
const dayHere = (time) => new Date(0).setUTCFullYear(time.getFullYear(), time.getMonth(), time.getDate()) / DAY;
const dayOf = (time) => (isDate(time) ? time.getTime() / DAY : dayHere(time));
const pad = (number) => String(number).padStart(2, "0");

/** Return the number of the present day, which changes at midnight. */
export const today = () => dayHere(new Date());

export const clock = (time) => time.toLocaleTimeString(LOCALE, { hour: "numeric", minute: "2-digit" });

/** Tell how a task stands to its due date: "overdue", "today", "later", or "" where that does not matter. */
export function urgency({ due_date: due, status_task: status }) {
  if (!due || status === "DONE") return "";
  const time = new Date(due);
  if (isDate(time) ? dayOf(time) < today() : time < Date.now()) return "overdue";
  return dayOf(time) === today() ? "today" : "later";
}

/** Return a due date as "Tomorrow", "In 3 days, 14:00" or "Tue, 4 Mar". */
export function describeDue(due) {
  const time = new Date(due);
  const days = dayOf(time) - today();
  const text = Math.abs(days) < 7 ? RELATIVE.format(days, "day") : dateOf(time, isDate(time) ? "UTC" : undefined);
  return text[0].toUpperCase() + text.slice(1) + (isDate(time) ? "" : `, ${clock(time)}`);
}

function dateOf(time, timeZone) {
  const its = timeZone === "UTC" ? time.getUTCFullYear() : time.getFullYear();
  const year = its === new Date().getFullYear() ? undefined : "numeric";
  return time.toLocaleDateString(LOCALE, { weekday: year ? undefined : "short", day: "numeric", month: "short", year, timeZone });
}

/** Return a due date in full. */
export const dueInFull = (due) => (isDate(new Date(due)) ? dateOf(new Date(due), "UTC") : moment(due));

export const moment = (text) => `${dateOf(new Date(text))}, ${clock(new Date(text))}`;

/** Return a time that is past as "3 minutes ago". */
export function ago(text) {
  const passed = Date.now() - new Date(text);
  const unit = UNITS.find(([, length]) => passed >= length);
  return unit ? RELATIVE.format(-Math.floor(passed / unit[1]), unit[0]) : "just now";
}

/** Return what the two fields of a due date show, here. */
export function toFields(due) {
  if (!due) return { due_date: "", due_time: "" };
  const time = new Date(due);
  const date = new Date(dayOf(time) * DAY).toISOString().slice(0, 10);
  return { due_date: date, due_time: isDate(time) ? "" : `${pad(time.getHours())}:${pad(time.getMinutes())}` };
}

/** Return the due date of two fields, as it is sent. Null without a date. */
export function fromFields({ due_date: date, due_time: clockTime }) {
  if (!date) return null;
  if (!clockTime) return `${date}T00:00:00Z`;
  const time = new Date(`${date}T${clockTime}`);
  return new Date(time.getTime() + (isDate(time) ? 1 : 0)).toISOString(); // a time, also where it is 00:00Z
}
