// Sets a password with the token that stands in the fragment of the URL.
import { handle } from "./board/forms.js";

const form = document.getElementById("password");

handle(form, async ({ password }) => {
  const body = JSON.stringify({ token: location.hash.slice(1), password });
  const headers = { "Content-Type": "application/json" };
  const reply = await fetch("/api/v1/auth/password/", { method: "POST", headers, body }).catch(() => {
    throw Object.assign(new Error(), { code: "offline" });
  });
  if (!reply.ok) {
    const problem = await reply.json();
    throw Object.assign(new Error(problem.detail), problem);
  }
  form.hidden = document.getElementById("explanation").hidden = true;
  const done = document.getElementById("done");
  done.hidden = false;
  done.focus();
});
