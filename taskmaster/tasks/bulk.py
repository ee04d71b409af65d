"""Many changes of tasks in one transaction: all of them or none, one event each, in order.

The operations are carried out on the rows in memory. At the end, what has become of each row is
written: all that are new, all that changed in the same columns, all that are gone. No operation
can name a task that the same bulk creates, since it has no id before.
"""

from collections.abc import Mapping
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam

from ..core.concurrency import in_turns
from ..core.errors import ApiError, ErrorCode
from ..core.idempotency import Key, run_idempotent
from ..events import log
from .models import CHANGING, tasks
from .schemas import serialize_task
from .search import Words, spaced_words
from .service import DELETE, INSERT, UPDATE, Task, changed_columns, new_task, own

Operation = Mapping[str, Any]
Result = Mapping[str, Any]  # the task; of a deleted one the id

MANY = sa.select(*CHANGING).where(
    tasks.c.id.in_(bindparam("of_ids", expanding=True)), tasks.c.user_id == bindparam("of_user")
)
TASK_COUNT_DELTA = {"create": 1, "update": 0, "delete": -1}


def change_many(user_id: str, operations: list[Operation], key: Key | None = None) -> Any:
    """Carry out all operations in order, or none; return the reply.

    It is made here because it is stored with the key, in the same transaction, also where a bulk
    changes nothing: a repetition gets it again. Raise ApiError (404, which names the index, 422).
    """
    delta = sum(TASK_COUNT_DELTA[operation["action"]] for operation in operations)
    texts = {one.get("task", {}).get("description", "") for one in operations}
    known = dict[str, str]()

    def fold() -> None:  # which takes up to 30 ms each, while nobody else waits for it
        known.update((text, spaced_words(text)) for text in in_turns(texts))

    with log.transaction(user_id, len(operations), delta, prepare=fold) as changes:

        def operation() -> Any:
            changes.keep = key is not None
            bulk = Bulk(changes, known, [str(one["id"]) for one in operations if "id" in one])
            results = [bulk.carry_out(*numbered) for numbered in in_turns(enumerate(operations))]
            bulk.write()
            return {"results": results}

        return run_idempotent(changes.connection, user_id, key, operation)


class Bulk:
    """The tasks of a user that a bulk is about, as they are by now, and what to write of them."""

    def __init__(self, changes: log.Transaction, known: Words, ids: list[str]) -> None:
        self.changes, self.known = changes, known
        wanted = {"of_ids": ids, "of_user": changes.user_id}
        rows = changes.connection.execute(MANY, wanted).mappings() if ids else ()
        self.tasks: dict[str, Task] = {row["id"]: dict(row) for row in rows}
        self.created: list[Task] = []
        self.changed: dict[str, dict[str, Any]] = {}  # columns, by id
        self.gone: list[str] = []

    def carry_out(self, index: int, operation: Operation) -> Result:
        """Carry out one operation in memory and append its event. Raise ApiError (404)."""
        if operation["action"] == "create":
            return self._create(operation["task"])
        task_id = str(operation["id"])
        if task_id not in self.tasks:
            detail = "There is no such task."
            raise ApiError(ErrorCode.NOT_FOUND, detail, {f"operations.{index}.id": [detail]})
        if operation["action"] == "update":
            return self._update(task_id, operation["task"])
        return self._delete(task_id)

    def _create(self, fields: Mapping[str, Any]) -> Result:
        task = new_task(self.changes.user_id, fields, self.known)
        self.created.append(task)
        result = serialize_task(task)
        self.changes.append("task_create", result)
        return result

    def _update(self, task_id: str, fields: Mapping[str, Any]) -> Result:
        changed = changed_columns(self.tasks[task_id], fields, self.changes.next_seq, self.known)
        task = self.tasks[task_id] = {**self.tasks[task_id], **changed}
        result = serialize_task(task)
        if changed:
            self.changed[task_id] = self.changed.get(task_id, {}) | changed
            self.changes.append("task_update", result)
        return result

    def _delete(self, task_id: str) -> Result:
        task = self.tasks.pop(task_id)
        self.changed.pop(task_id, None)
        self.gone.append(task_id)
        self.changes.append("task_delete", {"id": task_id}, state=serialize_task(task))
        return {"id": task_id}

    def write(self) -> None:
        """Write what has become of each task, in one statement for each kind of change."""
        user_id, execute = self.changes.user_id, self.changes.connection.execute
        if self.created:
            execute(INSERT, self.created)
        rows = [own(user_id, task_id) | changed for task_id, changed in self.changed.items()]
        for _, alike in groupby(sorted(rows, key=sorted), key=sorted):
            execute(UPDATE, list(alike))
        if self.gone:
            execute(DELETE, [own(user_id, task_id) for task_id in self.gone])
