"""How the JavaScript client is called: its types, as the compiler sees them."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.javascript import CLIENT, JavaScript, JavaScriptError
from tests.support.settings import ROOT, machine_environ

TSC = ROOT / "node_modules" / ".bin" / "tsc"
USE = """
import { connect, TaskmasterError, type Query, type Task } from "./taskmaster.js";

const tm = connect("http://127.0.0.1:8000", { storage: null });
const titles = (tasks: readonly Task[]): string[] => tasks.map((task) => task.title);
const live = tm.tasks.live({ status_task: ["TO DO"], ordering: "-due_date" }, { limit: 50 });
const OPEN = ["TO DO", "IN PROGRESS"] as const;
const query: Query = { status_task: OPEN, page: 1, ordering: null };
live.subscribe((tasks) => titles(tasks));
// @ts-expect-error it would change the list itself
live.tasks.sort();
live.onState((state) => state === "logged-out");
live.onState(() => [live.error?.code, live.error?.retryAfter]);
tm.onUser((user, why) => [user?.username, why?.code]);
try {
  const task = await tm.tasks.create({ title: "One" });
  const { etag } = await tm.tasks.getWithTag(task.id);
  await tm.tasks.update(task.id, { due_date: null }, { ifMatch: etag });
  // @ts-expect-error a status that there is not
  await tm.tasks.update(task.id, { status_task: "LATER" });
  const { previous, next } = await tm.tasks.list({ page: 2 });
  await tm.request("GET", "tasks/", { query });
  for (const address of [previous, next, (await tm.account.get()).email]) address?.length;
  // @ts-expect-error only the client makes them
  new TaskmasterError("offline");
  for await (const event of tm.events({ since: 0, signal: AbortSignal.timeout(5000) })) {
    if (event.action !== "task_delete") titles([event]);
    if (event.title === "From JavaScript") break;
    // @ts-expect-error that of a deleted task is not told
    event.title.length;
  }
} catch (error) {
  if (error instanceof TaskmasterError) [error.errors.title?.[0], error.repeated];
}
"""


# All that the types need beside the language, where there is no page.
WITHOUT_A_PAGE = "declare class AbortSignal { static timeout(milliseconds: number): AbortSignal }"


@pytest.mark.parametrize(
    ("lib", "platform"),
    [(["es2022", "dom"], ""), (["es2022"], WITHOUT_A_PAGE)],
    ids=["page", "elsewhere"],
)
def test_a_program_in_typescript_is_checked(tmp_path: Path, lib: list[str], platform: str) -> None:
    assert TSC.exists(), "run `make node_modules/.dev`"
    shutil.copy(CLIENT.with_suffix(".d.ts"), tmp_path)
    (tmp_path / "use.ts").write_text(USE)
    (tmp_path / "platform.d.ts").write_text(platform)
    options = {"strict": True, "noEmit": True, "target": "es2022", "module": "esnext",
               "moduleResolution": "bundler", "types": [], "lib": lib}  # fmt: skip
    settings = {"compilerOptions": options, "files": ["use.ts", "platform.d.ts"]}
    (tmp_path / "tsconfig.json").write_text(json.dumps(settings))
    checked = subprocess.run(
        [TSC], cwd=tmp_path, env=machine_environ(), capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout


def test_a_client_outside_of_a_page_is_told_the_server(js: JavaScript) -> None:
    with pytest.raises(JavaScriptError, match=r"TypeError: Give connect\(\) the URL of the server"):
        js.run("tm.connect()")
