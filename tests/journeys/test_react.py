"""The React hook of docs/clients, compiled and shown: a list on a page, which is live."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.docs.driving import CLIENTS
from tests.support.api import PASSWORD, User
from tests.support.javascript import JavaScript
from tests.support.server import Server
from tests.support.settings import ROOT

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
PAGE = """
import { createElement } from "react";
import { create } from "react-test-renderer";
import { ToDo } from "./useTasks.js";
export const show = (tm) => create(createElement(ToDo, { tm }));
"""


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """A module that shows the component of the example."""
    options = {"allowJs": True, "jsx": "react-jsx", "module": "esnext", "target": "es2022",
               "noResolve": True, "types": [], "outDir": str(tmp_path)}  # fmt: skip
    settings = {"compilerOptions": options, "files": [str(CLIENTS / "useTasks.jsx")]}
    (tmp_path / "tsconfig.json").write_text(json.dumps(settings))
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "node_modules").symlink_to(ROOT / "node_modules")
    (tmp_path / "page.js").write_text(PAGE)
    command = [ROOT / "node_modules" / ".bin" / "tsc", "--project", tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    return tmp_path / "page.js"


def test_the_hook_shows_a_live_list(server: Server, user: User, js: JavaScript, page: Path) -> None:
    user.create_task("Before")
    js.run("my.tm = tm.connect(given.url); await my.tm.login(given.name, given.password)",
           url=server.url, name=user.username, password=PASSWORD)  # fmt: skip
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
