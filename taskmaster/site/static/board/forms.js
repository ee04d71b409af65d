// Forms: sent once at a time, and what is wrong stands beside its field, until it is mended.

/** Say in plain words what went wrong. */
export function inWords(error) {
  if (error.code === "offline") return "The server cannot be reached now.";
  if (!error.code) return "Something went wrong on this page. Please load it again.";
  const wait = error.retryAfter ? ` Try again in ${error.retryAfter} seconds.` : "";
  return (Object.values(error.errors ?? {}).flat()[0] ?? error.message) + wait;
}

/** Send a form by `act(fields, form)`, an asynchronous function that throws refusals. */
export function handle(form, act) {
  form.addEventListener("input", ({ target }) => clear(form, target.name));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (form.ariaBusy === "true") return;
    tell(form, {});
    if (!isComplete(form)) return;
    form.ariaBusy = "true";
    const mine = (form.submission = {}); // a dialog may be sent again before the last answer
    try {
      await act(Object.fromEntries(new FormData(form)), form);
    } catch (error) {
      tell(form, error);
      if (!error.code) throw error; // a fault of ours
    } finally {
      if (form.submission === mine) form.ariaBusy = null;
    }
  });
}

/** Show what is wrong beside its field, the rest above them all, and go to the first field at fault. */
export function tell(form, error) {
  const errors = { ...error.errors };
  for (const place of form.querySelectorAll("[data-for]")) {
    if (place.dataset.for) say(form, place, errors[place.dataset.for]?.join(" "));
    delete errors[place.dataset.for];
  }
  const unclaimed = Object.values(errors).flat();
  const isGeneral = error instanceof Error && (unclaimed.length > 0 || !Object.keys(error.errors ?? {}).length);
  const isOutage = isGeneral && error.code === "offline";
  const place = form.querySelector('[data-for=""]');
  place.toggleAttribute("data-outage", isOutage);
  const kept = isOutage ? " What you typed stays here; please try again." : "";
  say(form, place, isGeneral ? (unclaimed.join(" ") || inWords(error)) + kept : "");
  const has = document.activeElement;
  if (has !== document.body && !form.contains(has)) return; // whoever is elsewhere by now stays there
  form.querySelector("[aria-invalid=true]")?.focus();
  intoSight(form.querySelector("[data-for]:not(:empty)"));
}

/** Scroll to what has just been said, where it stands outside a small or zoomed screen. */
export const intoSight = (place) => place?.scrollIntoView({ block: "nearest" });

function say(form, place, text = "") {
  place.textContent = text;
  place.hidden = !text;
  const field = place.dataset.for && form.elements[place.dataset.for];
  if (!field) return;
  if (text) field.setAttribute("aria-invalid", "true");
  else field.removeAttribute("aria-invalid");
}

function clear(form, name) {
  form.querySelectorAll("[data-for]").forEach((place) => [name, ""].includes(place.dataset.for) && say(form, place));
}

/** Ask for what is required before the server has to; lengths and patterns are the server's to judge. */
function isComplete(form) {
  const errors = {};
  for (const { name, required, disabled, value, validity } of form.elements) {
    if (required && !disabled && !value.trim()) errors[name] = ["Please fill this in."];
    if (validity?.badInput) errors[name] = ["This is not complete, or there is no such day."]; // its value is empty
  }
  const isGood = !Object.keys(errors).length;
  if (!isGood) tell(form, { errors });
  return isGood;
}
