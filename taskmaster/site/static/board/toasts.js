// Messages that come and go: what can be undone, what failed, what happened elsewhere.
import { byId } from "./dom.js";
import { inWords } from "./forms.js";

const SHOWN = 10_000; // milliseconds
const BRIEFLY = 5000;
const place = byId("toasts");
const news = byId("news");
let heard = [];
let newsTimer;

/** Show a message with a button; it stays while somebody is at it. */
export function offer(text, label, act) {
  const toast = add(text, "status");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "quiet";
  button.textContent = label;
  button.addEventListener("click", async () => {
    toast.remove();
    await act();
  });
  toast.append(button);
  return toast;
}

/** Say that something failed, and why. What an outage caused goes away when it is over. */
export function complain(text, error) {
  const toast = add(`${text} ${inWords(error)}`, "alert");
  toast.toggleAttribute("data-outage", error.code === "offline");
}

function add(text, role) {
  const toast = document.createElement("div");
  toast.className = "toast";
  toast.setAttribute("role", role);
  const words = document.createElement("p");
  words.textContent = text;
  toast.append(words);
  let timer;
  const stay = () => clearTimeout(timer);
  const leave = () => {
    stay();
    timer = setTimeout(() => (document.querySelector("dialog[open]") ? leave() : toast.remove()), SHOWN); // out of reach
  };
  ["pointerenter", "focusin"].forEach((name) => toast.addEventListener(name, stay));
  ["pointerleave", "focusout"].forEach((name) => toast.addEventListener(name, leave));
  place.append(toast);
  leave();
  return toast;
}

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
  if (news.textContent !== text) news.textContent = text; // else it would be read out again
  newsTimer = setTimeout(() => {
    heard = [];
    news.textContent = "";
  }, BRIEFLY);
}

export function clearToasts() {
  heard = [];
  news.textContent = "";
  place.replaceChildren();
}

/** Forget the failures of an outage that is over, in forms too. */
export function forgetOutage() {
  place.querySelectorAll("[data-outage]").forEach((toast) => toast.remove());
  for (const failure of document.querySelectorAll("form [data-outage]")) {
    failure.hidden = true;
    failure.textContent = "";
  }
}

document.addEventListener("keydown", (event) => {
  const typing = event.target.matches("input, textarea, select") && !("untouched" in event.target.dataset);
  if (typing || document.querySelector("dialog[open]") || event.key !== "z" || !(event.ctrlKey || event.metaKey)) return;
  [...place.querySelectorAll("button")].at(-1)?.click();
});
