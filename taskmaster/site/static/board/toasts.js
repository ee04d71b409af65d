// Messages that come and go: what can be undone, what failed, what happened elsewhere.
import { byId, focusOnHeading } from "./dom.js";
import { inWords } from "./forms.js";

const SHOWN = 10_000; // milliseconds
const BRIEFLY = 5000;
const place = byId("toasts");
const news = byId("news");
const undos = []; // messages whose button Ctrl Z presses, also once they have gone; the last one first
const coming = new Set(); // what will end with such a message
let heard = [];
let newsTimer;

/** Show a message with a button; it stays while somebody is at it. */
export function offer(text, label, act) {
  const toast = add(text, place);
  const button = document.createElement("button");
  button.type = "button";
  button.className = "quiet";
  button.textContent = label;
  button.addEventListener("click", async () => {
    const loses = toast.contains(document.activeElement);
    toast.remove();
    if (loses) focusOnHeading();
    await act();
  });
  toast.append(button);
  return toast;
}

/** Let Ctrl Z press the button of a message, until somebody has. */
export function takeByKey(toast) {
  undos.unshift(toast);
  toast.querySelector("button").addEventListener("click", () => undos.splice(undos.indexOf(toast), 1));
}

/** Let Ctrl Z wait for a deletion that is under way: its message comes with the reply. */
export function awaitUndo(deletion) {
  coming.add(deletion);
  deletion.finally(() => coming.delete(deletion)).catch(() => {});
}

/** Let an offer of what was typed into a task stay: whoever comes to it by keys needs more time, and loses more. */
export function hold(toast, id) {
  toast.dataset.draft = id;
  toast.leave();
}

/** Let such offers go like others once the dialog closes: the task has been opened again. */
export function release(id) {
  for (const toast of shownToasts()) if (toast.dataset.draft === id) delete toast.dataset.draft;
}

/** Say that something failed, and why. What an outage caused goes away when it is over. */
export function complain(text, error) {
  const toast = add(`${text} ${inWords(error)}`, byId("failures"));
  toast.toggleAttribute("data-outage", error.code === "offline");
}

function add(text, region) {
  const toast = document.createElement("div");
  toast.className = "toast";
  const words = document.createElement("p");
  words.textContent = text;
  toast.append(words);
  let timer;
  const stay = () => clearTimeout(timer);
  const leave = () => {
    stay();
    if (toast.dataset.draft === undefined) timer = setTimeout(() => openDialog() || toast.remove(), SHOWN);
  };
  ["pointerenter", "focusin"].forEach((name) => toast.addEventListener(name, stay));
  ["pointerleave", "focusout"].forEach((name) => toast.addEventListener(name, leave));
  region.append(Object.assign(toast, { leave })); // which is there already: else it would not be read out
  say(text);
  leave();
  toast.scrollIntoView({ block: "nearest" }); // among many
  return toast;
}

/** While a dialog is open, nothing outside it can be reached, or is read out. */
const openDialog = () => document.querySelector("dialog[open]");

function say(text) {
  const region = openDialog()?.querySelector(".heard");
  if (region && region.textContent !== text) region.textContent = text;
}

document.addEventListener("close", ({ target }) => {
  target.querySelector(".heard").textContent = "";
  shownToasts().forEach((toast) => toast.leave()); // from now on somebody can use them
}, { capture: true });

const shownToasts = () => document.querySelectorAll(".toast");

/** Tell briefly what others did, several at once in one sentence. */
export function announce(text) {
  heard.push(text);
  tell(heard.length > 2 ? "Several things have changed." : heard.join(" "));
}

/** Tell briefly what one's own doing has come to, in place of what was told before. */
export function report(text) {
  heard = [];
  news.textContent = ""; // the same twice is told twice
  tell(text);
}

function tell(text) {
  clearTimeout(newsTimer);
  say(text);
  if (news.textContent !== text) news.textContent = text; // else it would be read out again
  newsTimer = setTimeout(() => {
    heard = [];
    news.textContent = "";
  }, BRIEFLY);
}

export function clearToasts() {
  heard = [];
  undos.length = 0;
  news.textContent = "";
  shownToasts().forEach((toast) => toast.remove());
}

/** Forget the failures of an outage that is over, in forms too. */
export function forgetOutage() {
  document.querySelectorAll(".toast[data-outage]").forEach((toast) => toast.remove());
  for (const failure of document.querySelectorAll("form [data-outage]")) {
    failure.hidden = true;
    failure.textContent = "";
  }
}

document.addEventListener("keydown", async (event) => {
  const typing = event.target.matches("textarea, input:not([type=checkbox], [type=radio], [data-untouched])");
  const isUndo = event.keyCode === 90 && (event.ctrlKey || event.metaKey) && !event.shiftKey; // `key` may be Z, or я
  if (typing || openDialog() || !isUndo || byId("board").hidden) return;
  if (undos.length || coming.size) event.preventDefault(); // else the browser also takes back what was typed last, in any field
  if (event.repeat) return; // a key that is held brings back one task
  const ends = await Promise.allSettled(coming);
  if (ends.length && !ends.at(-1).value) return; // the task is there still, and that is told
  if (undos.length) undos[0].querySelector("button").click();
  else report("There is no deleted task to bring back.");
});
