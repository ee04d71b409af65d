"""The floor of the database: a call's statements alone, by sqlite3, with nothing around them.

The statements are not written here. They are noted while the application answers the call.
"""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from statistics import fmean
from typing import Any, NamedTuple

import config
from taskmaster import create_app
from taskmaster.extensions import db
from tests.support.api import Api, succeed, through_client
from tests.support.databases import dispose_engines
from tests.support.plans import Statements
from tests.support.settings import settings_for

from .load import Result, percentile
from .servers.base import SECRET, TASK, Server

Noted = list[tuple[str, Any]]
UNDO = (
    "DELETE FROM events WHERE user_id = ? AND task_id = ?",
    "DELETE FROM tasks WHERE user_id = ? AND id = ?",
)


class Call(NamedTuple):
    """The statements of a call, who calls, and the id of what is created."""

    statements: Noted
    user: str
    created: str = ""


def alone(server: Server, seconds: float) -> dict[str, Result]:
    """Return how fast SQLite runs the statements of some calls of the project."""
    found = {}
    path = server.place.database_url.removeprefix("sqlite:///")
    calls = _noted(server)
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
            database.execute(f"PRAGMA {pragma}")
        for row, call in calls.items():
            latencies, cpu = zip(*_run(database, call, seconds), strict=True)
            p50, p99 = (percentile(latencies, percent) * 1e3 for percent in (50, 99))
            found[row] = Result(1 / fmean(latencies), p50, p99, fmean(cpu) * 1e6)
    return found


def _noted(server: Server) -> dict[str, Call]:
    """Call the application in this process and note what it asks of the database."""
    account = server.accounts[0]
    settings = settings_for(server.place.database_url, SECRET_KEY=SECRET, LOG_LEVEL="ERROR")
    app = create_app(config.load(settings))
    api = Api(through_client(app.test_client()), account.token)
    with app.app_context():
        try:
            engines = [*db.engines.values()]
            with Statements(engines) as listed:
                succeed(api.get("tasks/"))
            with Statements(engines) as one:
                succeed(api.get(f"tasks/{account.task}/"))
            with Statements(engines) as create:
                task = succeed(api.post("tasks/", TASK), 201)
        finally:
            dispose_engines()
    return {
        "list of 10": Call(listed.seen, account.id),
        "one task": Call(one.seen, account.id),
        "create": Call(create.seen, account.id, task["id"]),
    }


def _run(database: sqlite3.Connection, call: Call, seconds: float) -> Iterator[tuple[float, float]]:
    """Run a call again and again: seconds, and of them CPU. What it creates is removed between."""
    deadline = time.perf_counter() + seconds
    while time.perf_counter() < deadline:
        if call.created:
            for statement in UNDO:
                database.execute(statement, [call.user, call.created])
        begun, cpu = time.perf_counter(), time.process_time()
        if call.created:
            database.execute("BEGIN IMMEDIATE")
        for statement, parameters in call.statements:
            database.execute(statement, parameters).fetchall()
        if call.created:
            database.execute("COMMIT")
        yield time.perf_counter() - begun, time.process_time() - cpu
