"""The copy of a SQLite file is put back after a kill, by the lines of the documentation."""

import os
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

from tests.docs.blocks import block, run
from tests.support.api import Api, through_http
from tests.support.asserts import assert_problem
from tests.support.databases import migrate
from tests.support.server import Server
from tests.support.settings import ROOT

HERE = "export PATH={path} PYTHONPATH={root} DATABASE_URL={url}\n"


def test_what_came_after_the_backup_is_gone(tmp_path: Path) -> None:
    (instance := tmp_path / "instance").mkdir()
    migrate(url := f"sqlite:///{instance / 'taskmaster.db'}")
    server = Server(url, tmp_path / "log")
    with server:
        user = Api(through_http(server.url)).register()
        user.create_task("Kept")
        file = sqlite3.connect(instance / "taskmaster.db")
        copy = sqlite3.connect(tmp_path / "copy.db")
        with closing(file), closing(copy):
            file.backup(copy)
        user.create_task("Lost")
        server.kill()
    path = f"{Path(sys.executable).parent}{os.pathsep}$PATH"
    run(server.url, HERE.format(path=path, root=ROOT, url=url) + block("restore"), tmp_path)
    with server:
        titles = [task["title"] for task in user.get("tasks/").json["results"]]
        assert titles == ["Kept"]
        assert_problem(user.get("tasks/events/", params={"since": 2}), 410, "position_expired")
