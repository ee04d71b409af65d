// The form to log in or register.
import { enter } from "./session.js";

const form = document.getElementById("credentials");
const mode = () => form.elements.mode.value;

form.addEventListener("change", ({ target }) => target.name === "mode" && turn());
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const { username, email, password } = form.elements;
  const credentials = { username: username.value, password: password.value };
  if (mode() === "register") credentials.email = email.value;
  await attempt(() => enter(mode(), credentials));
});

function turn() {
  const registering = mode() === "register";
  form.querySelector(".for-register").hidden = form.elements.email.disabled = !registering;
  form.querySelector(".for-login").hidden = registering;
  form.elements.password.autocomplete = registering ? "new-password" : "current-password";
  form.querySelector("button").textContent = registering ? "Register" : "Log in";
  tell({});
}

async function attempt(entering) {
  const button = form.querySelector("button");
  button.disabled = true;
  tell({});
  try {
    await entering();
    form.reset();
    turn();
  } catch (error) {
    tell(Object.keys(error.errors ?? {}).length ? error.errors : { password: [error.message] });
  } finally {
    button.disabled = false;
  }
}

/** Show the messages beside their fields, and go to the first field at fault. */
function tell(errors) {
  for (const name of ["username", "email", "password"]) {
    document.getElementById(`error-${name}`).textContent = (errors[name] ?? []).join(" ");
    form.elements[name].setAttribute("aria-invalid", name in errors);
  }
  form.querySelector("[aria-invalid=true]")?.focus();
}
