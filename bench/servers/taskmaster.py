"""The project itself, as it is served: `python wsgi.py`, which is gunicorn."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Table, insert, select

import config
from bench import hashing
from bench.environment import ROOT
from bench.seeding import analyze, moments
from taskmaster import create_app
from taskmaster.accounts import tokens
from taskmaster.accounts.models import sessions, users
from taskmaster.core.database import writing
from taskmaster.core.ids import uuid7
from taskmaster.events.models import StreamHead
from taskmaster.tasks.models import tasks as task_table
from taskmaster.tasks.search import search_columns
from tests.support.databases import dispose_engines, migrate
from tests.support.settings import machine_environ, settings_for

from .base import KNOWN, PASSWORD, SECRET, TASK, Account, RestServer

CHUNK = 10_000  # rows to a statement
heads: Table = StreamHead.__table__


class Taskmaster(RestServer):
    """Taskmaster under its own gunicorn worker."""

    name = "taskmaster"
    hash_scheme = "taskmaster"
    opened = b"stream_ready"
    replays = True

    def command(self) -> list[str]:
        """Return the documented command."""
        return [self.python, f"{ROOT}/wsgi.py"]

    def environ(self) -> dict[str, str]:
        """Return the settings; everything that is not named here has its default.

        The quota is out of the way of the growth to 1,000,000 tasks. `results.md` names what
        differs from how it is delivered.
        """
        changes = {
            "ENVIRONMENT": "testing",
            "RATELIMIT_ENABLED": "false",
            "ASYNC_MODE": None,
            "SECRET_KEY": SECRET,
            "HOST": "127.0.0.1",
            "PORT": self.port,
            "WEB_CONCURRENCY": self.place.processes,
            "REDIS_URL": self.place.redis_url,
            "TASKS_PER_USER": 10_000_000,
        }
        return machine_environ() | settings_for(self.place.database_url, **changes)

    def prepare(self) -> None:
        """Migrate."""
        migrate(self.place.database_url)

    def seed(self, users: int, tasks: int) -> None:
        """Give users tasks, and a session each."""
        app = create_app(config.load(settings_for(self.place.database_url, SECRET_KEY=SECRET)))
        password_hash = hashing.ask(self.python, self.hash_scheme, "hash", PASSWORD)
        with app.app_context():
            with writing() as connection:
                for first in range(0, users, CHUNK):
                    _insert_users(
                        connection, range(first, min(users, first + CHUNK)), password_hash
                    )
                found = connection.execute(USERS).all()
                last = _insert_tasks(connection, [user.user_id for user in found], tasks)
            self.accounts = [
                Account(user.user_id, user.username, tokens.mint(user)["access"], last)
                for user in found[:KNOWN]
            ]
            dispose_engines()
        analyze(self.place.database_url)


USERS = select(sessions, users.c.username).join(users).order_by(users.c.username)


def _insert_users(connection: Connection, numbers: range, password_hash: str) -> None:
    now = datetime.now(UTC)
    later = now + timedelta(days=14)
    times = {"date_joined": now, "last_updated": now}
    rows = [
        {"id": uuid7(), "username": f"user_{number:06}", "email": f"{number}@example.org",
         "password_hash": password_hash, **times}
        for number in numbers
    ]  # fmt: skip
    connection.execute(insert(users), rows)
    connection.execute(insert(heads), [{"user_id": row["id"]} for row in rows])
    times = {"created_at": now, "rotated_at": now, "expires_at": later}
    connection.execute(insert(sessions), [{"user_id": row["id"], **times} for row in rows])


def _insert_tasks(connection: Connection, user_ids: list[str], count: int) -> str:
    """Give each user the same tasks; return the id of the last. A task is found by user and id."""
    first, ids = user_ids[0], [(uuid7(moment), moment) for moment in moments(count)]
    fields: dict[str, Any] = {**TASK, **search_columns(TASK), "status_task": "TO DO"}
    fields |= {"user_id": first, "due_date": None, "priority": 1, "version": 1}
    for start in range(0, count, CHUNK):
        rows = [
            {"id": id_, "date_created": moment, "last_updated": moment, **fields}
            for id_, moment in ids[start : start + CHUNK]
        ]
        connection.execute(insert(task_table), rows)
    others = [users.c.id if c.name == "user_id" else c for c in task_table.c]
    copies = (
        select(*others)
        .join_from(task_table, users, users.c.id != first)
        .where(task_table.c.user_id == first)
    )
    connection.execute(insert(task_table).from_select(task_table.c.keys(), copies))
    connection.execute(heads.update().values(task_count=count))
    return ids[-1][0]
