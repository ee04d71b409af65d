"""A backup is put back by the lines of the documentation: a copy of SQLite's file, or a dump."""

import os
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.docs.blocks import block, run
from tests.support.api import Api, User, through_http
from tests.support.asserts import assert_problem
from tests.support.databases import migrate
from tests.support.postgres import PostgresServer
from tests.support.server import Server
from tests.support.settings import ROOT

HERE = f"export PATH={Path(sys.executable).parent}{os.pathsep}$PATH PYTHONPATH={ROOT}\n"
THERE = """
export PATH={postgres.programs}:$PATH PGHOST=127.0.0.1 PGPORT={postgres.port} PGUSER=postgres
export DB_HOST=$PGHOST DB_PORT=$PGPORT DB_USER=$PGUSER DB_NAME=taskmaster
"""


def assert_only_the_backup_is_there(user: User) -> None:
    assert [task["title"] for task in user.get("tasks/").json["results"]] == ["Kept"]
    assert_problem(user.get("tasks/events/", params={"since": 2}), 410, "position_expired")


def test_sqlite_after_a_kill(tmp_path: Path) -> None:
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
    run(server.url, HERE + f"export DATABASE_URL={url}\n" + block("restore"), tmp_path)
    with server:
        assert_only_the_backup_is_there(user)


@pytest.fixture
def database_url(postgres: PostgresServer) -> Iterator[str]:
    """The database that the documentation names, which goes with the one it is kept in."""
    migrate(url := postgres.create_database("taskmaster"))
    yield url
    for name in ("taskmaster", "before_restore"):
        postgres.drop_database(name)


def test_postgresql(database_url: str, postgres: PostgresServer, tmp_path: Path) -> None:
    here = HERE + THERE.format(postgres=postgres)
    server = Server(database_url, tmp_path / "log")
    with server:
        user = Api(through_http(server.url)).register()
        user.create_task("Kept")
        run(server.url, here + block("backup-postgresql"), tmp_path)
        user.create_task("Lost")
    run(server.url, here + block("restore-postgresql"), tmp_path)
    with server:
        assert_only_the_backup_is_there(user)
