"""An outage is told once when it begins and once when it is over, whoever notices it."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
import structlog
from flask import Flask
from sqlalchemy import text
from structlog.testing import capture_logs

from taskmaster.core import outages
from taskmaster.core.errors import OUTAGE
from taskmaster.ops import health
from tests.support.api import Api, User
from tests.support.asserts import assert_problem
from tests.support.databases import ON_SQLITE, Database
from tests.support.tables import rename
from tests.support.waiting import wait_until

Told = Callable[[], list[tuple[Any, ...]]]


@pytest.fixture
def make_app(make_app: Callable[..., Flask]) -> Callable[..., Flask]:
    """As users get it: in tests Flask would let errors through."""
    return lambda **settings: make_app(ENVIRONMENT="development", DB_TIMEOUT_SECONDS=1, **settings)


@pytest.fixture
def told(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Told]:
    """Return what has been told of outages."""
    monkeypatch.setattr(outages, "log", structlog.get_logger())  # others have bound the first one
    for outage in (OUTAGE, *health.OUTAGES.values()):
        monkeypatch.setattr(outage, "_times", 0)  # whatever other tests have done
    with capture_logs() as lines:
        yield lambda: [
            (line["event"], line.get("check"))
            for line in lines
            if line["event"].startswith(("database_", "not_ready"))
        ]


@ON_SQLITE
def test_a_database_that_nobody_can_write(
    user: User, database: Database, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = database.url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(path, isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        assert_problem(user.post("tasks/", {"title": "One"}), 503, "unavailable")
        assert user.get("tasks/").status == 200
        assert told() == [("database_unavailable", None)]
    monkeypatch.setattr(outages, "PAUSE", 0)  # seconds until it is believed
    for _ in range(2):
        assert user.post("tasks/", {"title": "One"}).status == 201
    assert told() == [("database_unavailable", None), ("database_unavailable_over", None)]


def test_a_check_of_readiness(
    api: Api, database: Database, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert api.get("/readyz").status == 200
    rename(database, "alembic_version", "away")
    for _ in range(3):
        assert api.get("/readyz").status == 503
    assert told() == [("not_ready", "migrations")]
    monkeypatch.setattr(outages, "PAUSE", 0)
    rename(database, "away", "alembic_version")
    for _ in range(3):
        assert api.get("/readyz").status == 200
    assert told() == [("not_ready", "migrations"), ("not_ready_over", "migrations")]


@pytest.mark.parametrize("what", ["", "title"], ids=["table", "column"])
def test_a_database_that_is_behind(user: User, database: Database, told: Told, what: str) -> None:
    user.create_task("One")
    with database.engine.begin() as connection:
        connection.execute(text(f"ALTER TABLE tasks RENAME {what} TO others"))
    for _ in range(3):
        assert_problem(user.get("tasks/"), 503, "unavailable")
        assert_problem(user.post("tasks/", {"title": "One"}), 503, "unavailable")
    causes = 2 if what else 1  # a read and a write lack a column in other words
    assert told() == [("database_unavailable", None)] * causes


@ON_SQLITE
def test_a_check_that_ends_well_but_late(
    api: Api, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    release, ended = threading.Event(), list[bool]()
    check = health.CHECKS["migrations"]
    monkeypatch.setattr(outages, "PAUSE", 0)

    def check_late() -> str | None:
        release.wait(10)
        outcome = check()
        ended.append(outcome is None)
        return outcome

    monkeypatch.setitem(health.CHECKS, "migrations", check_late)
    assert api.get("/readyz").json["checks"]["migrations"] == "failed: no answer"
    release.set()
    wait_until(told, what="a line of the log")
    assert told() == [("not_ready", "migrations")]
    assert ended == [True]
    assert api.get("/readyz").status == 200
    assert told()[1:] == [("not_ready_over", "migrations")]
