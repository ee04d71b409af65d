// The state of the connection, and what it means, in words.
import { byId } from "./dom.js";
import { clock } from "./dates.js";
import { forgetOutage } from "./toasts.js";

const SOON = 600; // milliseconds; what is over before needs no mention
const WORDS = { live: "Live", connecting: "Connecting", offline: "Offline" };
const REASONS = {
  too_many_connections: "You have too many windows open. Close some, and load this page again.",
  flood: "This window asked too much at once. Please load this page again.",
};
const RANK = ["offline", "connecting", "live"];

let state = "connecting";
let lastLive = null; // when the connection was last known to stand
let timer;

/** Refuse, without asking a server that is known to be away. */
export function needConnection() {
  if (state === "offline") throw Object.assign(new Error("offline"), { code: "offline" });
}

/** Take in the states of the lists: the worst counts. */
export function observe(lists) {
  const worst = RANK.find((one) => lists.some((list) => list.state === one)) ?? "connecting";
  if (worst === "live") lastLive = null;
  else if (state === "live") lastLive = new Date();
  state = worst;
  clearTimeout(timer);
  const act = () => show(lists.map((list) => list.error).find(Boolean));
  if (worst === "connecting") timer = setTimeout(act, SOON);
  else act();
}

/** Begin anew: somebody else is logged in. */
export function forgetConnection() {
  clearTimeout(timer);
  state = "connecting";
  lastLive = null;
  show();
}

function show(error) {
  const outage = state === "live" || (state === "connecting" && !lastLive) ? "" : explain(error);
  const [pill, notice] = [byId("state"), byId("outage")];
  if (pill.dataset.state === state && notice.textContent === outage) return; // nothing to read out again
  pill.dataset.state = state;
  pill.textContent = WORDS[state];
  notice.textContent = outage;
  notice.hidden = !outage;
  if (state !== "live") return;
  forgetOutage();
  dispatchEvent(new Event("live")); // for what could not be loaded
}

function explain(error) {
  if (REASONS[error?.code]) return REASONS[error.code];
  if (error?.status >= 400 && error.status < 500) return error.message;
  if (!lastLive) return "The server cannot be reached. This page tries again by itself.";
  const shown = `This is the state at ${clock(lastLive)}`;
  return state === "offline"
    ? `${shown}; changes cannot be saved now. This page goes on by itself when the server is back.`
    : `${shown}. Connecting again.`;
}
