"""Tasks: every change is one transaction with its event in it.

Statements are built once, here, and work on tables: that is what keeps a request cheap.
"""

from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam

from ..core import clock, idempotency
from ..core.errors import ApiError, ErrorCode, not_found
from ..core.ids import uuid7
from ..events import log
from . import search
from .models import tasks
from .schemas import represent

Task = Mapping[str, Any]
Check = Callable[[int], None]

OWN = (tasks.c.id == bindparam("of_id"), tasks.c.user_id == bindparam("of_user"))
ONE = sa.select(tasks).where(*OWN)
MANY = sa.select(tasks).where(
    tasks.c.id.in_(bindparam("of_ids", expanding=True)), tasks.c.user_id == bindparam("of_user")
)
INSERT = sa.insert(tasks)
CHANGING = ("title", "description", "status_task", "last_updated", "due_date", "priority")
UPDATE = (
    sa.update(tasks).where(*OWN).values({name: bindparam(name) for name in (*CHANGING, "version")})
)
DELETE = sa.delete(tasks).where(*OWN)


def create(user_id: str, fields: Mapping[str, Any], key: str | None = None) -> dict[str, Any]:
    """Make a task and return its representation; with a key, once. Raise ApiError (422)."""
    with log.transaction(user_id, growth=1) as changes:
        return dict(
            idempotency.once(
                changes.connection, user_id, key, lambda: represent(_create(changes, fields))
            )
        )


def update(user_id: str, task_id: str, fields: Mapping[str, Any], check: Check) -> Task:
    """Change the given fields; a change of nothing writes nothing.

    `check` is given the version that is to be changed. Raise ApiError (404, 412).
    """
    with log.transaction(user_id) as changes:
        return _update(changes, task_id, fields, check)


def remove(user_id: str, task_id: str, check: Check) -> None:
    """Delete a task. Raise ApiError (404, 412)."""
    with log.transaction(user_id, growth=-1) as changes:
        _remove(changes, task_id, check)


def change_many(user_id: str, operations: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Carry out all operations in order, or none. Raise ApiError (404), which names the index."""
    growth = {"create": 1, "update": 0, "delete": -1}
    total = sum(growth[operation["action"]] for operation in operations)
    ids = [str(operation["id"]) for operation in operations if "id" in operation]
    with log.transaction(user_id, len(operations), total) as changes:
        found = changes.all(MANY, of_ids=ids, of_user=user_id) if ids else []
        changes.ahead = {row.id: row for row in found}
        return [_carry_out(changes, *numbered) for numbered in enumerate(operations)]


def _carry_out(
    changes: log.Transaction, index: int, operation: Mapping[str, Any]
) -> dict[str, Any]:
    if operation["action"] == "create":
        return represent(_create(changes, operation["task"]))
    task_id = str(operation["id"])
    try:
        if operation["action"] == "update":
            return represent(_update(changes, task_id, operation["task"]))
        _remove(changes, task_id)
    except ApiError as error:
        errors = {f"operations.{index}.id": ["There is no such task."]}
        raise ApiError(ErrorCode.NOT_FOUND, "There is no such task.", errors) from error
    return {"id": task_id}


def _create(changes: log.Transaction, fields: Mapping[str, Any]) -> Task:
    now = clock.now()
    task = {"id": uuid7(), "user_id": changes.user_id, "version": 1, **fields}
    task["date_created"] = task["last_updated"] = now
    changes.write(INSERT, [task])
    search.index(changes, task)
    changes.append("task_create", represent(task))
    return task


def _update(
    changes: log.Transaction,
    task_id: str,
    fields: Mapping[str, Any],
    check: Check = lambda version: None,
) -> Task:
    task = _current(changes, task_id, check)
    changed = {name for name, value in fields.items() if task[name] != value}
    if changed:
        before = dict(task)
        task |= {**fields, "last_updated": clock.now(), "version": task["version"] + 1}
        changes.write(UPDATE, [{**task, "of_id": task_id, "of_user": changes.user_id}])
        if changed & {"title", "description"}:
            search.reindex(changes, before, task)
        changes.append("task_update", represent(task))
    return task


def _remove(changes: log.Transaction, task_id: str, check: Check = lambda version: None) -> None:
    task = _current(changes, task_id, check)
    search.forget(changes, task)
    changes.write(DELETE, [{"of_id": task_id, "of_user": changes.user_id}])
    changes.append("task_delete", {"id": task_id})


def _current(changes: log.Transaction, task_id: str, check: Check) -> dict[str, Any]:
    """Return the task as it stands now that the user's writers are in line."""
    row = changes.ahead.pop(task_id, None)
    row = row or changes.first(ONE, of_id=task_id, of_user=changes.user_id)
    if row is None:
        raise not_found()
    check(row.version)
    return dict(row._mapping)
