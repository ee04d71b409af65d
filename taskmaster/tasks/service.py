"""Tasks: every change is one transaction with its event in it.

Statements are built once, here, and work on tables: that is what keeps a request cheap.
"""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam

from ..core import clock
from ..core.database import reading
from ..core.errors import not_found
from ..core.ids import uuid7
from ..core.pagination import offset
from ..events import log
from .models import tasks
from .schemas import represent

Task = dict[str, Any]

OWN = (tasks.c.id == bindparam("of_id"), tasks.c.user_id == bindparam("of_user"))
ONE = sa.select(tasks).where(*OWN)
NEWEST = (
    sa.select(tasks)
    .where(tasks.c.user_id == bindparam("of_user"))
    .order_by(tasks.c.date_created.desc(), tasks.c.id.desc())
    .limit(bindparam("limit"))
    .offset(bindparam("offset"))
)
INSERT = sa.insert(tasks)
UPDATE = (
    sa.update(tasks)
    .where(*OWN)
    .values(
        {
            column: bindparam(column)
            for column in (
                "title",
                "description",
                "status_task",
                "last_updated",
                "due_date",
                "priority",
                "version",
            )
        }
    )
)
DELETE = sa.delete(tasks).where(*OWN)


def get(user_id: str, task_id: str) -> Task:
    """Return a user's task. Raise ApiError (404), also for another user's."""
    with reading() as connection:
        row = connection.execute(ONE, {"of_id": task_id, "of_user": user_id}).first()
    if row is None:
        raise not_found()
    return dict(row._mapping)


def list_page(user_id: str, page: int, page_size: int) -> tuple[log.Head, list[Task]]:
    """Return where the user's log stood before the reading, and a page, newest first.

    A stream from there on misses nothing that the page does not show. Raise ApiError (404)
    past the last page.
    """
    head = log.head(user_id)
    which = {"of_user": user_id, "limit": page_size}
    which["offset"] = offset(page, page_size, head.task_count)
    with reading() as connection:
        return head, [dict(row) for row in connection.execute(NEWEST, which).mappings()]


def create(user_id: str, fields: Mapping[str, Any]) -> Task:
    """Make a task."""
    with log.transaction(user_id, growth=1) as changes:
        now = clock.now()
        task = {"id": uuid7(), "user_id": user_id, "version": 1, **fields}
        task["date_created"] = task["last_updated"] = now
        changes.execute(INSERT, task)
        changes.append("task_create", represent(task))
    return task


def update(user_id: str, task_id: str, fields: Mapping[str, Any]) -> Task:
    """Change the given fields; a change of nothing writes nothing. Raise ApiError (404)."""
    with log.transaction(user_id) as changes:
        task = _current(changes, task_id)
        if any(task[name] != value for name, value in fields.items()):
            task |= fields
            task |= {"last_updated": clock.now(), "version": task["version"] + 1}
            changes.execute(UPDATE, {**task, "of_id": task_id, "of_user": user_id})
            changes.append("task_update", represent(task))
    return task


def remove(user_id: str, task_id: str) -> None:
    """Delete a task. Raise ApiError (404)."""
    with log.transaction(user_id, growth=-1) as changes:
        _current(changes, task_id)
        changes.execute(DELETE, {"of_id": task_id, "of_user": user_id})
        changes.append("task_delete", {"id": task_id})


def _current(changes: log.Transaction, task_id: str) -> Task:
    """Return the task as it stands now that the user's writers are in line."""
    row = changes.first(ONE, of_id=task_id, of_user=changes.user_id)
    if row is None:
        raise not_found()
    return dict(row._mapping)
