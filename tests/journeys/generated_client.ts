// What a stranger writes against the types that openapi-typescript makes: no patch, no `!`, no cast.
import createClient from "openapi-fetch";
import type { components, paths } from "./api";

declare const process: { argv: string[] };
type Schemas = components["schemas"];
type Reply<T> = { data?: T; error?: Schemas["Problem"] };

/** Return what a call gave, or throw why it was refused. */
function data<T>({ data, error }: Reply<T>): T {
  if (data === undefined) throw new Error(`${error?.code}: ${error?.detail}`);
  return data;
}

function check(fact: boolean, what: string): void {
  if (!fact) throw new Error(`not so: ${what}`);
}

/** Check that a task is as before but for its title. */
function onlyTitleDiffers(task: Schemas["Task"], before: Schemas["Task"], title: string): void {
  const expected = { ...before, title, last_updated: task.last_updated };
  check(JSON.stringify(task) === JSON.stringify(expected), JSON.stringify(task));
}

const baseUrl = process.argv[2];
const nobody = createClient<paths>({ baseUrl });
const registration = { username: "typescript", email: "ts@example.org", password: "correct horse" };
const account = data(await nobody.POST("/api/v1/auth/register/", { body: registration }));
check(account.username.length > 0 && account.tokens.refresh.length > 0, "registered");

const login = { username: account.email, password: registration.password };
const entered = await nobody.POST("/api/v1/auth/login/", { body: login });
if (entered.error) throw new Error(entered.error.detail);
const headers = { Authorization: `Bearer ${entered.data.tokens.access}` };
const client = createClient<paths>({ baseUrl, headers });

const profile = data(await client.PATCH("/api/v1/auth/profile/", { body: { first_name: "Ada" } }));
check(profile.first_name === "Ada" && profile.email === account.email, "profile");

// A title only; then changes of the title only.
const body = { title: "One", description: "Long", status_task: "DONE", priority: "HIGH" } as const;
const bare = data(await client.POST("/api/v1/tasks/", { body: { title: "Bare" } }));
check(bare.status_task === "TO DO" && bare.due_date === null && bare.priority === "MEDIUM", "bare");
const task = data(await client.POST("/api/v1/tasks/", { body }));
const path = { task_id: task.id };
const one = "/api/v1/tasks/{task_id}/";
const patched = await client.PATCH(one, { params: { path }, body: { title: "Two" } });
onlyTitleDiffers(data(patched), task, "Two");
const ifMatch = patched.response.headers.get("ETag") ?? "";
const header = { "If-Match": ifMatch };
onlyTitleDiffers(
  data(await client.PUT(one, { params: { path, header }, body: { title: "Three" } })), task, "Three",
);
const late = await client.PUT(one, { params: { path, header }, body: { title: "Late" } });
check(late.error?.code === "precondition_failed", "precondition_failed");
const { data: whole, error } = await client.GET(one, { params: { path } });
if (error) throw new Error(error.code);
check(whole.title === "Three", "whole");
data(await client.PUT(one, { params: { path }, body: whole })); // what was got can be sent back

const { results } = data(
  await client.POST("/api/v1/tasks/bulk/", {
    body: {
      operations: [
        { action: "create", task: { title: "Bulk" } },
        { action: "update", id: task.id, task: { title: "Four" } },
        { action: "delete", id: bare.id },
      ],
    },
  }),
);
const titles = results.map((result) => ("title" in result ? result.title : `gone: ${result.id}`));
check(titles.join() === `Bulk,Four,gone: ${bare.id}`, titles.join());

const list = data(
  await client.GET("/api/v1/tasks/", {
    params: { query: { status_task: ["DONE", "TO DO"], ordering: "title", page_size: 1 } },
  }),
);
check(list.count === 2 && list.next !== null && list.previous === null, "list");
check(list.results.map((found) => found.title).join() === "Bulk", "results");

/** Tell an event in words, each kind by its own fields. */
function tell(event: Schemas["Event"]): string {
  switch (event.action) {
    case "task_create":
    case "task_update":
      return `${event.seq} ${event.title} ${event.status_task}`;
    case "task_delete":
      return `${event.seq} gone`;
  }
}
const history = data(await client.GET("/api/v1/tasks/{task_id}/history/", { params: { path } }));
const told = history.results.map(tell).join();
check(told === "2 One DONE,3 Two DONE,4 Three DONE,6 Four DONE", told);
const events = data(await client.GET("/api/v1/tasks/events/", { params: { query: { since: 6 } } }));
check(events.results.map(tell).join() === "7 gone" && events.next === null, "events");

const sessions = data(await client.GET("/api/v1/auth/sessions/"));
check(sessions.results.filter((session) => session.current).length === 1, "sessions");
check(data(await client.DELETE("/api/v1/auth/sessions/")).message.length > 0, "ended");
check(data(await client.DELETE(one, { params: { path } })).message.length > 0, "deleted");
const gone = await client.GET(one, { params: { path } });
check(gone.error?.code === "not_found" && gone.error.status === 404, "not_found");
console.log("done");
