"""What a misdeed needs to be there beforehand: many tasks, a large log."""

import json
from datetime import timedelta
from threading import Event
from typing import Any

from sqlalchemy import insert, update

from taskmaster.core import clock
from taskmaster.core.ids import uuid7
from taskmaster.events.models import StreamHead
from taskmaster.tasks.models import tasks
from taskmaster.tasks.service import new_task
from tests.support.api import User, succeed
from tests.support.databases import Database

TOGETHER, APART = 250, 0.005  # rows in one transaction, and seconds between: the server writes too
BULKS, EACH = 16, 26  # a body may have 1 MiB
JSON = {"Content-Type": "application/json"}
_never = Event()


def pause(seconds: float) -> None:
    """Let time go by, as who misbehaves does."""
    _never.wait(seconds)


def many_tasks(database: Database, user_id: str, count: int, description: str = "") -> None:
    """Give a user tasks without asking the server, so that no limit is in the way."""
    fields = {"description": description, "status_task": "TO DO", "due_date": None, "priority": 1}
    one = dict(new_task(user_id, fields | {"title": "Something to do"}))
    now, engine = clock.now(), database.engine
    for start in range(0, count, TOGETHER):
        moments = [now - timedelta(milliseconds=count - start - n) for n in range(TOGETHER)]
        rows = [one | {"id": uuid7(moment), "date_created": moment} for moment in moments]
        with engine.begin() as connection:
            connection.execute(insert(tasks), rows[: count - start])
        pause(APART)
    heads: Any = StreamHead.__table__
    with engine.begin() as connection:
        connection.execute(update(heads).where(heads.c.user_id == user_id).values(task_count=count))


def large_log(user: User) -> str:
    """Write 16 MiB of events, all of one task; return its id.

    Characters of four bytes: a task may have 10,000, and so the largest events are of these.
    """
    task: str = user.create_task()["id"]
    for bulk in range(BULKS):
        texts = [f"{bulk}.{number} " + "\U0001f4a3" * 9990 for number in range(EACH)]
        operations = [
            {"action": "update", "id": task, "task": {"description": text}} for text in texts
        ]
        body = json.dumps({"operations": operations}, ensure_ascii=False).encode()
        succeed(user.post("tasks/bulk/", data=body, headers=JSON))
    return task
