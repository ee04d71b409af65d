"""The log: written in the transaction of the change it tells of, read in pages.

A writer first reserves its user's next numbers with one UPDATE of that user's head row.
The row lock makes commit order and `seq` order the same, with no gap, and costs other
users nothing. Whatever the writer reads after it is current, so the same lock gives
If-Match, merged updates and idempotency.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson
from blinker import Signal
from flask import current_app
from sqlalchemy import Connection, Table, bindparam, insert, select, update

from ..core import clock
from ..core.database import writing
from ..core.errors import ApiError, ErrorCode
from .models import Event, StreamHead

PAGE = 100

appended = Signal("Sent after the commit, with `user_id` and `entries`.")

heads: Table = StreamHead.__table__
events: Table = Event.__table__

RESERVE = (
    update(heads)
    .where(heads.c.user_id == bindparam("of_user"))
    .values(
        seq=heads.c.seq + bindparam("count"),
        task_count=heads.c.task_count + bindparam("task_count_delta"),
    )
    .returning(heads.c.seq)
)
RELEASE = (
    update(heads)
    .where(heads.c.user_id == bindparam("of_user"))
    .values(seq=heads.c.seq - bindparam("count"))
)
INSERT = insert(events)
HEAD = select(heads.c.seq, heads.c.task_count).where(heads.c.user_id == bindparam("of_user"))
HEADS = select(heads.c.user_id, heads.c.seq).where(
    heads.c.user_id.in_(bindparam("user_ids", expanding=True))
)
AFTER = (
    select(events.c.seq, events.c.action, events.c.payload)
    .where(events.c.user_id == bindparam("of_user"), events.c.seq > bindparam("after"))
    .order_by(events.c.seq)
    .limit(bindparam("limit"))
)
HISTORY = (
    select(events.c.payload)
    .where(events.c.user_id == bindparam("of_user"), events.c.task_id == bindparam("of_task"))
    .order_by(events.c.seq)
)


class Entry(NamedTuple):
    """One event as it is delivered: its number, its name, its JSON."""

    seq: int
    action: str
    payload: str


class Head(NamedTuple):
    """Where a user's log stands, and how many tasks the user has."""

    seq: int
    task_count: int


@dataclass
class Transaction:
    """A transaction of one user's changes, with numbers reserved for their events."""

    connection: Connection
    user_id: str
    seq: int  # of the last event appended
    rows: list[dict[str, Any]] = field(default_factory=list)

    def append(self, action: str, body: Mapping[str, Any]) -> None:
        """Add the event of one change; `body` has the task's `id`."""
        self.seq += 1
        now = clock.now()
        event = {"seq": self.seq, "action": action, "occurred_at": clock.rfc3339(now), **body}
        self.rows.append(
            {
                "user_id": self.user_id,
                "seq": self.seq,
                "action": action,
                "task_id": body["id"],
                "occurred_at": now,
                "payload": orjson.dumps(event).decode(),
            }
        )


@contextmanager
def transaction(user_id: str, count: int = 1, task_count_delta: int = 0) -> Iterator[Transaction]:
    """Open a transaction that may append up to `count` events, and tell the streams after it.

    `task_count_delta` is by how many tasks the user will have more. A block that appends
    nothing is rolled back. Raise ApiError (401) if the user is gone.
    """
    with writing() as connection:
        reserved = _reserve(connection, user_id, count, task_count_delta)
        changes = Transaction(connection, user_id, reserved - count)
        yield changes
        _store(changes, unused=reserved - changes.seq)
    if changes.rows:
        appended.send(
            current_app._get_current_object(),  # type: ignore[attr-defined]
            user_id=user_id,
            entries=[Entry(row["seq"], row["action"], row["payload"]) for row in changes.rows],
        )


def _reserve(connection: Connection, user_id: str, count: int, task_count_delta: int) -> int:
    """Lock the user's head and return the last of the numbers reserved."""
    wanted = {"of_user": user_id, "count": count, "task_count_delta": task_count_delta}
    seq: int | None = connection.scalar(RESERVE, wanted)
    if seq is None:
        raise ApiError(ErrorCode.TOKEN_REVOKED, "The account of this token is gone.")
    return seq


def _store(changes: Transaction, unused: int) -> None:
    if not changes.rows:
        changes.connection.rollback()
        return
    changes.connection.execute(INSERT, changes.rows)
    if unused:
        changes.connection.execute(RELEASE, {"of_user": changes.user_id, "count": unused})


def open_log(connection: Connection, user_id: str) -> None:
    """Start the log of a new user, in the transaction that makes the user."""
    connection.execute(insert(heads), {"user_id": user_id, "seq": 0, "task_count": 0})


def head(connection: Connection, user_id: str) -> Head:
    """Return where a user's log stands; zeros for a user who is gone."""
    row = connection.execute(HEAD, {"of_user": user_id}).first()
    return Head(*row) if row else Head(0, 0)


def read(connection: Connection, user_id: str, after: int, limit: int = PAGE) -> list[Entry]:
    """Return a page of the events that came after a position, oldest first."""
    parameters = {"of_user": user_id, "after": after, "limit": limit}
    return [Entry(*row) for row in connection.execute(AFTER, parameters)]


def heads_of(connection: Connection, user_ids: list[str]) -> dict[str, int]:
    """Return where the logs of these users stand; one who is gone is left out."""
    rows = connection.execute(HEADS, {"user_ids": user_ids}).all()
    return dict(map(tuple, rows))


def history(connection: Connection, user_id: str, task_id: str) -> list[str]:
    """Return what happened to one task, oldest first, as JSON."""
    return list(connection.scalars(HISTORY, {"of_user": user_id, "of_task": task_id}))
