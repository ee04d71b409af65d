// The account: profile, password, sessions, deletion.
import { tm } from "./client.js";
import { ago } from "./dates.js";
import { byId } from "./dom.js";
import { handle, inWords, tell } from "./forms.js";
import { report } from "./toasts.js";

const [profile, password, sessions, deletion] = ["profile", "password", "sessions", "deletion"].map(byId);
const FIELDS = ["username", "email", "first_name", "last_name"];
const BROWSERS = [["Edg", "Edge"], ["Firefox", "Firefox"], ["Chrome", "Chrome"], ["Safari", "Safari"], ["curl", "curl"], ["python", "Python"]];
const SYSTEMS = ["Android", "iPhone", "iPad", "Windows", "Mac", "Linux"];
let owner; // the id of whose profile it shows
let asked = 0; // how often the list of sessions was asked for: an older one is worth nothing
let isMissing = false; // whether the list of sessions could not be loaded

export function showAccount(wanted) {
  const opens = wanted && (byId("account").hidden || tm.user.id !== owner);
  byId("account").hidden = !wanted;
  if (!wanted) return;
  fill(tm.user);
  [password, deletion].forEach((form) => (form.elements.username.value = tm.user.username)); // for password managers
  if (!opens) return; // somebody may be on a button of the list
  tm.account.get().catch(() => {}); // what was changed elsewhere; the page hears of it by `onUser`
  listSessions();
}

/** Show what the account has now; what somebody is typing stays. */
function fill(user) {
  if (user.id !== owner) profile.reset();
  owner = user.id;
  for (const name of FIELDS) {
    const field = profile.elements[name];
    const isTyped = field.value !== field.defaultValue;
    field.defaultValue = user[name] ?? "";
    if (!isTyped) field.value = field.defaultValue;
  }
}

handle(profile, async (fields) => {
  // Only what was typed here: what the rest shows may be old by now.
  const typed = FIELDS.filter((name) => fields[name] !== profile.elements[name].defaultValue);
  const said = (name) => (name.endsWith("_name") ? fields[name].trim() || null : fields[name]);
  const user = await tm.account.update(Object.fromEntries(typed.map((name) => [name, said(name)])));
  if (user.id !== owner) return;
  fill(user);
  for (const field of typed.map((name) => profile.elements[name])) {
    if (field.value === fields[field.name]) field.value = field.defaultValue; // as the server has put it
  }
  say(profile, "Saved.");
});

handle(password, async ({ old_password: old, new_password_1: wanted }) => {
  await tm.account.changePassword(old, wanted);
  password.reset();
  say(password, "Changed. All other sessions have ended.");
  await listSessions();
});

handle(sessions, async () => {
  await tm.account.endOtherSessions();
  await listAgain();
});

handle(deletion, async ({ password: said }) => {
  await tm.account.remove(said);
  deletion.reset();
  report("Your account is deleted, with all its tasks.");
});

function say(form, text) {
  form.querySelector(".done").textContent = text;
  form.addEventListener("input", () => (form.querySelector(".done").textContent = ""), { once: true });
}

async function listSessions() {
  const mine = ++asked;
  let found;
  try {
    found = await tm.account.sessions();
  } catch (error) {
    if (mine !== asked) return;
    isMissing = true;
    return tell(sessions, Object.assign(new Error(`The list could not be loaded. ${inWords(error)}`), { code: "no_list" }));
  }
  if (mine !== asked) return;
  if (isMissing) tell(sessions, {});
  isMissing = false;
  sessions.querySelector("ul").replaceChildren(...found.map(rowOf));
  sessions.querySelector(":scope > button").hidden = found.length < 2;
}

/** List the sessions after one has ended; whoever was on its button is at the heading then. */
async function listAgain() {
  await listSessions();
  const has = document.activeElement;
  if (has === document.body || sessions.contains(has)) byId("sessions-heading").focus();
}

addEventListener("live", () => isMissing && listSessions());

function rowOf({ id, user_agent: agent, last_used_at: used, current }) {
  const row = sessions.querySelector("template").content.firstElementChild.cloneNode(true);
  const [name, button] = [describe(agent), row.querySelector("button")];
  row.querySelector("strong").textContent = name;
  row.querySelector("small").textContent = current ? "This one" : `Used ${ago(used)}`;
  button.hidden = current;
  button.ariaLabel = `End the session of ${name}`;
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      await tm.account.endSession(id);
    } catch (error) {
      button.disabled = false;
      if (document.activeElement === document.body) button.focus(); // a disabled button has lost it
      if (error.code !== "not_found") return tell(sessions, error);
    }
    await listAgain();
  });
  return row;
}

function describe(agent) {
  const browser = BROWSERS.find(([sign]) => agent.includes(sign))?.[1];
  const system = SYSTEMS.find((one) => agent.includes(one));
  return browser ? [browser, system].filter(Boolean).join(" on ") : agent || "Unknown";
}
