// What to try where there is no task yet.
import { byId, focusOnHeading } from "./dom.js";

const commands = (username) => `ACCESS=$(curl -s ${location.origin}/api/v1/auth/login/ -H 'Content-Type: application/json' \\
  -d '{"username": "${username}", "password": "YOUR PASSWORD"}' | sed 's/.*"access":"\\([^"]*\\)".*/\\1/')
curl ${location.origin}/api/v1/tasks/ -H "Authorization: Bearer $ACCESS" -H 'Content-Type: application/json' \\
  -d '{"title": "Made by curl"}'`;

export function showTour(wanted) {
  byId("welcome-tour").hidden = !wanted;
  const filters = byId("filters");
  if (wanted && filters.contains(document.activeElement)) focusOnHeading();
  filters.hidden = wanted; // there is nothing to find
}

export const tellTour = (username) => (byId("commands").textContent = commands(username));

byId("copy").hidden = !navigator.clipboard; // only where the page is safe
byId("copy").addEventListener("click", async ({ currentTarget: button }) => {
  await navigator.clipboard.writeText(byId("commands").textContent);
  button.textContent = "Copied";
});
