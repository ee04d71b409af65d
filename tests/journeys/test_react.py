"""The React hook of docs/clients, its types checked, and shown: a list on a page, which is live."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.docs.driving import CLIENTS
from tests.support.api import PASSWORD, User
from tests.support.databases import ON_SQLITE
from tests.support.javascript import CLIENT, JavaScript
from tests.support.server import Server
from tests.support.settings import ROOT

pytestmark = ON_SQLITE
PAGE = """
import { createElement } from "react";
import { create } from "react-test-renderer";
import { ToDo, useTasks } from "./useTasks.js";
export const show = (tm) => create(createElement(ToDo, { tm }));
export const showOne = (tm, told) => {
  const Page = () => told(useTasks(tm, { ordering: "date_created" }, 1)) ?? null;
  return create(createElement(Page));
};
"""
LOG_IN = "my.tm = tm.connect(given.url); await my.tm.login(given.name, given.password)"


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """A module that shows the component of the example."""
    options = {"strict": True, "jsx": "react-jsx", "module": "esnext", "target": "es2022",
               "moduleResolution": "bundler", "types": []}  # fmt: skip
    settings = {"compilerOptions": options, "files": ["useTasks.tsx"]}
    (tmp_path / "tsconfig.json").write_text(json.dumps(settings))
    for file in (CLIENTS / "useTasks.tsx", CLIENT.with_suffix(".d.ts")):
        shutil.copy(file, tmp_path)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "node_modules").symlink_to(ROOT / "node_modules")
    (tmp_path / "page.js").write_text(PAGE)
    command = [ROOT / "node_modules" / ".bin" / "tsc", "--project", tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    return tmp_path / "page.js"


def test_the_hook_shows_a_live_list(server: Server, user: User, js: JavaScript, page: Path) -> None:
    user.create_task("Before")
    js.run(LOG_IN, url=server.url, name=user.username, password=PASSWORD)
    js.run("my.app = (await import(given.page)).show(my.tm)", page=page.as_uri())
    js.run(
        "my.shown = () => `${my.app.toJSON().props['aria-busy']}"
        " ${my.app.root.findAllByType('button').map(({ props }) => props.children)}`"
    )
    js.wait("my.shown() === 'false Before'")
    user.create_task("Elsewhere", status_task="DONE")
    task = user.create_task("Live")
    js.wait("my.shown() === 'false Live,Before'")
    user.patch(f"tasks/{task['id']}/", {"title": "Changed"})
    js.wait("my.shown() === 'false Changed,Before'")
    js.run("await my.app.root.findAllByType('button')[0].props.onClick()")
    js.wait("my.shown() === 'false Before'")
    assert user.get(f"tasks/{task['id']}/").json["status_task"] == "DONE"
    js.run("my.app.unmount()")


def test_the_hook_loads_more(server: Server, user: User, js: JavaScript, page: Path) -> None:
    for title in ("One", "Two"):
        user.create_task(title)
    js.run(LOG_IN, url=server.url, name=user.username, password=PASSWORD)
    js.run(
        "const { showOne } = await import(given.page);"
        "my.app = showOne(my.tm, (list) => void (my.list = list))",
        page=page.as_uri(),
    )
    js.run("my.titles = () => String(my.list.tasks.map(({ title }) => title))")
    js.wait("my.list.state === 'live' && my.list.hasMore && my.titles() === 'One'")
    js.run("await my.list.more()")
    js.wait("!my.list.hasMore && my.titles() === 'One,Two'")
    js.run("my.app.unmount()")
