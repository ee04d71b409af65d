// The page: who is logged in, and which of its views is shown.
import { showAccount } from "./account.js";
import { closeBoard, openBoard } from "./board.js";
import { tm } from "./client.js";
import { byId } from "./dom.js";
import { discard } from "./editor.js";
import { showEntrance } from "./entrance.js";
import { clearToasts } from "./toasts.js";
import { tellTour } from "./tour.js";

let known = null; // the id of whose board is open

tm.onUser((user, why) => {
  if (user?.id !== known) {
    known = user?.id;
    clearToasts();
    discard();
    if (user) openBoard();
    else closeBoard();
  }
  byId("account-bar").hidden = !user;
  if (user) introduce(user);
  show(why);
});

function introduce({ username, email, is_superuser: isSuperuser }) {
  byId("who").textContent = username;
  byId("initial").textContent = username[0];
  byId("mail").textContent = email;
  byId("to-admin").hidden = !isSuperuser;
  tellTour(username);
}

function show(why) {
  const inAccount = location.pathname === "/account";
  showEntrance(!tm.user, why);
  showAccount(Boolean(tm.user) && inAccount);
  byId("board").hidden = !tm.user || inAccount;
  document.querySelector("nav [href='/']").ariaCurrent = inAccount ? null : "page";
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-view]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  history.pushState(null, "", link.href);
  byId("menu").hidePopover();
  show();
});
addEventListener("popstate", () => show());
byId("log-out").addEventListener("click", () => {
  byId("menu").hidePopover();
  tm.logout();
});
