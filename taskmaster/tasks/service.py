"""Tasks: every change is one transaction with its event in it.

Statements are built once, here, and work on tables: that is what keeps a request cheap.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam

from ..core import clock
from ..core.errors import ApiError, ErrorCode, not_found
from ..core.idempotency import Key, run_idempotent
from ..core.ids import uuid7
from ..events import log
from .models import CHANGING, READ_COLUMNS, tasks
from .schemas import serialize_task, task_from_event
from .search import NONE_KNOWN, Words, search_columns, stored_words

Task = Mapping[str, Any]  # a row of the table, by column
Check = Callable[[int], None]

MICROSECOND = timedelta(microseconds=1)

OWN = (tasks.c.id == bindparam("of_id"), tasks.c.user_id == bindparam("of_user"))
ONE = sa.select(*READ_COLUMNS).where(*OWN)
CURRENT = sa.select(*CHANGING).where(*OWN)
INSERT = sa.insert(tasks)
UPDATE = sa.update(tasks).where(*OWN)  # of the columns that its parameters name
DELETE = sa.delete(tasks).where(*OWN)


def create(user_id: str, fields: Mapping[str, Any], key: Key | None = None) -> Any:
    """Create a task and return the reply.

    It is made here because it is stored with the key, in the same transaction: a repetition gets
    it again. Raise ApiError (422).
    """
    with log.transaction(user_id, task_count_delta=1) as changes:

        def operation() -> Any:
            task = new_task(user_id, fields)
            changes.connection.execute(INSERT, task)
            reply = serialize_task(task)
            changes.append("task_create", reply)
            return reply

        return run_idempotent(changes.connection, user_id, key, operation)


def update(user_id: str, task_id: str, fields: Mapping[str, Any], check: Check) -> Task:
    """Change the given fields; a change of nothing writes nothing.

    `check` is given the version that is to be changed. Raise ApiError (404, 412).
    """
    with log.transaction(user_id) as changes:
        task = _current(changes, task_id, check)
        if changed := changed_columns(task, fields, changes.next_seq):
            task = {**task, **changed}
            changes.connection.execute(UPDATE, own(user_id, task_id) | changed)
            changes.append("task_update", serialize_task(task))
        return task


def remove(user_id: str, task_id: str, check: Check) -> None:
    """Delete a task. Raise ApiError (404, 412)."""
    with log.transaction(user_id, task_count_delta=-1) as changes:
        task = _current(changes, task_id, check)
        changes.connection.execute(DELETE, own(user_id, task_id))
        changes.append("task_delete", {"id": task_id}, state=serialize_task(task))


def restore(user_id: str, task_id: str) -> Task:
    """Bring a deleted task back as it was. Raise ApiError (404, 409, and 422 over the quota)."""
    with log.transaction(user_id, task_count_delta=1) as changes:
        if changes.connection.execute(ONE, own(user_id, task_id)).first():
            raise ApiError(ErrorCode.ALREADY_EXISTS, "This task was not deleted.")
        event = log.last_state(changes.connection, user_id, task_id)
        if event is None:
            raise not_found()
        fields = task_from_event(event)
        task = {**fields, "user_id": user_id, "version": changes.next_seq, **search_columns(fields)}
        changes.connection.execute(INSERT, task)
        changes.append("task_create", serialize_task(task))
        return task


def own(user_id: str, task_id: str) -> dict[str, Any]:
    """Return the parameters that name one task of a user."""
    return {"of_user": user_id, "of_id": task_id}


def new_task(user_id: str, fields: Mapping[str, Any], known: Words = NONE_KNOWN) -> Task:
    """Return the row of a new task. Its id and its times are of one reading of the clock."""
    now = clock.now()
    task = {"user_id": user_id, "id": uuid7(now), "date_created": now, "last_updated": now}
    return {**task, "version": 1, **fields, **search_columns(fields, known)}


def changed_columns(
    task: Task, fields: Mapping[str, Any], version: int, known: Words = NONE_KNOWN
) -> dict[str, Any]:
    """Return the columns of a task that become others by these fields; none if nothing does.

    The version is the event's `seq`, which no earlier state had, not even one that a restore has
    lost (`events/commands.py`).
    """
    changed = {name: value for name, value in fields.items() if task[name] != value}
    if not changed:
        return changed
    if changed.keys() & {"title", "description"}:
        changed |= search_columns({**task, **changed}, {**stored_words(task), **known})
    # Where the clock goes back, `updated_after` still finds what is new.
    now = max(clock.now(), task["last_updated"] + MICROSECOND)
    return changed | {"last_updated": now, "version": version}


def _current(changes: log.Transaction, task_id: str, check: Check) -> Task:
    """Return the task, read under the user's lock, after `check`. Raise ApiError (404, 412)."""
    row = changes.connection.execute(CURRENT, own(changes.user_id, task_id)).first()
    if row is None:
        raise not_found()
    check(row.version)
    return dict(row._mapping)
