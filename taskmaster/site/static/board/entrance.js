// The form to log in or register.
import { tm } from "./client.js";
import { byId } from "./dom.js";
import { handle, tell } from "./forms.js";

const form = byId("credentials");
const registering = () => form.elements.mode.value === "register";

handle(form, async ({ username, email, password, stay }) => {
  const options = { stay: stay === "on" };
  if (registering()) await tm.register({ username, email, password }, options);
  else await tm.login(username, password, options);
  form.reset();
  turn();
});

/** Show the form; `why` is how the session before it ended. */
export function showEntrance(wanted, why) {
  byId("entrance").hidden = !wanted;
  if (!wanted) return;
  tell(form, why ? Object.assign(new Error("Your session has ended. Please log in again."), { code: why.code }) : {});
  form.elements.username.focus();
}

function turn() {
  const isNew = registering();
  const { username, email, password } = form.elements;
  form.querySelector(".for-register").hidden = email.disabled = !isNew;
  form.querySelector("label[for=credentials-username]").textContent = isNew ? "Username" : "Username or e-mail";
  for (const field of [username, password]) byId(`${field.id}-hint`).hidden = !isNew;
  password.autocomplete = isNew ? "new-password" : "current-password";
  form.querySelector("button").textContent = isNew ? "Register" : "Log in";
  tell(form, {});
}

form.addEventListener("change", ({ target }) => target.name === "mode" && turn());
turn();
