// Sets a password with the token that stands in the fragment of the URL.
import { handle } from "./board/forms.js";
import { send } from "/client/http.js";

const form = document.getElementById("password");
const SKIPPED = document.querySelector(".skip").hash; // this link puts its own fragment in place of the token
const token = location.hash === SKIPPED ? "" : location.hash.slice(1);

// Another link in the same tab loads nothing by itself, and what was said is of the one before.
addEventListener("hashchange", () => location.hash === SKIPPED || location.reload());

handle(form, async ({ password }) => {
  if (!token) throw Object.assign(new Error("This link is not complete. Please open all of it."), { code: "no_token" });
  await send("/api/v1/auth/password/", { method: "POST", body: { token, password } });
  form.hidden = document.getElementById("explanation").hidden = true;
  const done = document.getElementById("done");
  done.hidden = false;
  done.focus();
});
