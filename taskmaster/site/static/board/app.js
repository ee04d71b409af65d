// The page: who is logged in, and which of its views is shown.
import { showAccount } from "./account.js";
import { closeBoard, openBoard } from "./board.js";
import { tm } from "./client.js";
import { byId, focusOnHeading } from "./dom.js";
import { comeBack, leave } from "./editor.js";
import { showEntrance } from "./entrance.js";
import { recall, remember } from "./filters.js";
import { clearToasts } from "./toasts.js";
import { tellTour } from "./tour.js";

const TITLE = document.title;
let known = null; // the id of whose board is open
let last = history.state?.owner; // the id of who was there last

tm.onUser((user, why) => {
  if (user?.id !== known) {
    known = user?.id;
    clearToasts();
    leave(why);
    if (user) {
      welcome(user);
      openBoard();
      comeBack();
    } else closeBoard();
  }
  byId("account-bar").hidden = !user;
  if (user) introduce(user);
  show(why);
});

/** Leave nothing of what somebody else has typed. */
function welcome({ id }) {
  if (last && last !== id) {
    ["creation", "filters", "password", "deletion"].forEach((name) => byId(name).reset());
    history.replaceState(null, "", location.pathname);
  }
  last = id;
}

function introduce({ username, email, is_superuser: isSuperuser }) {
  byId("who").textContent = username;
  byId("initial").textContent = username[0];
  byId("mail").textContent = email;
  byId("to-admin").hidden = !isSuperuser;
  tellTour(username);
}

function show(why) {
  const inAccount = /^\/account\/?$/.test(location.pathname);
  showEntrance(!tm.user, why);
  showAccount(Boolean(tm.user) && inAccount);
  byId("board").hidden = !tm.user || inAccount;
  document.querySelector("nav [href='/']").ariaCurrent = inAccount ? null : "page";
  document.title = `${tm.user ? (inAccount ? "Account" : "Board") : "Log in"} · ${TITLE}`;
  if (!document.activeElement.checkVisibility()) focusOnHeading();
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-view], header a[href='/']");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  if (location.pathname === "/") remember(); // also what has just been typed
  history.pushState({ owner: known }, "", link.href);
  if (location.pathname === "/") remember();
  byId("menu").hidePopover();
  show();
  focusOnHeading();
});
addEventListener("popstate", ({ state }) => {
  if (tm.user && state?.owner && state.owner !== tm.user.id) history.replaceState(null, "", "/"); // it is another's
  if (location.pathname === "/" && recall() && tm.user) openBoard();
  show();
});
byId("log-out").addEventListener("click", () => {
  byId("menu").hidePopover();
  tm.logout();
});
