"""The log: written in the transaction of the change it tells of, read in pages.

A writer first reserves its user's next numbers with one UPDATE of that user's head row. The row
lock makes commit order and `seq` order the same, with no gap, and costs others nothing. What is
read after it is current, so the same lock gives If-Match, merged updates and idempotency.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NamedTuple

import orjson
from blinker import Signal
from sqlalchemy import Connection, Select, Table, bindparam, delete, func, insert, select, update

from ..core import clock
from ..core.current import current_application
from ..core.database import writing_of
from ..core.errors import ApiError, ErrorCode, account_gone
from .models import Event, StreamHead

PAGE_LENGTH = 100  # events
PRUNED_AFTER = 100  # events: whoever writes each hundredth prunes this user's log
KEPT_AT_LEAST = 1000  # events that a writer leaves for streams, if EVENTS_KEEP_COUNT is less
MAX_PAGE_SIZE = 256 * 1024  # bytes of a page, unless its first event is larger

appended = Signal("Sent after the commit, with `user_id` and `entries`.")
heads: Table = StreamHead.__table__
events: Table = Event.__table__

OF_HEAD = heads.c.user_id == bindparam("of_user")
RESERVE = (
    update(heads)
    .where(OF_HEAD)
    .values(
        seq=heads.c.seq + bindparam("count"),
        task_count=heads.c.task_count + bindparam("task_count_delta"),
    )
    .returning(heads.c.seq, heads.c.task_count)
)
RELEASE = update(heads).where(OF_HEAD).values(seq=heads.c.seq - bindparam("count"))
INSERT = insert(events)
HEAD = select(heads.c.seq, heads.c.task_count).where(OF_HEAD)
HEADS = select(heads.c.user_id, heads.c.seq).where(
    heads.c.user_id.in_(bindparam("user_ids", expanding=True))
)
OF_USER = events.c.user_id == bindparam("of_user")
AFTER = (
    select(events.c.seq, events.c.action, events.c.payload)
    .where(OF_USER, events.c.seq > bindparam("after"))
    .order_by(events.c.seq)
    .limit(bindparam("limit"))
)
OF_TASK = events.c.task_id == bindparam("of_task")
HISTORY = AFTER.where(OF_TASK)
LAST = select(func.max(events.c.seq)).where(OF_USER, OF_TASK)
FIRST = select(func.min(events.c.seq)).where(OF_USER).correlate(None)
PRUNE = delete(events).where(
    OF_USER,
    events.c.seq <= bindparam("last"),
    events.c.seq < FIRST.scalar_subquery() + 2 * PRUNED_AFTER,  # at most 200 at once
)
LAST_STATE = (  # deletions that were logged before migration 0005 have no state
    select(func.coalesce(events.c.state, events.c.payload))
    .where(OF_USER, OF_TASK, (events.c.action != "task_delete") | events.c.state.is_not(None))
    .order_by(events.c.seq.desc())
    .limit(1)
)


class Entry(NamedTuple):
    """One event as it is delivered: its number, its name, its JSON."""

    seq: int
    action: str
    payload: str

    @property
    def size(self) -> int:
        """How many bytes the JSON takes at most: one emoji lets Python use four a character."""
        return len(self.payload) * (1 if self.payload.isascii() else 4)


class Head(NamedTuple):
    """Where a user's log stands, and how many tasks the user has."""

    seq: int
    task_count: int


@dataclass
class Transaction:
    """A transaction of one user's changes, with numbers reserved for their events."""

    connection: Connection
    user_id: str
    next_seq: int  # of the event that is appended next
    rows: list[dict[str, Any]] = field(default_factory=list)
    keep: bool = False  # whether to commit even if nothing was appended

    def append(self, action: str, body: Mapping[str, Any], state: Any = None) -> None:
        """Add the event of one change. `body` has the task's `id`; `state` is the deleted task."""
        now, seq = clock.now(), self.next_seq
        event = {"seq": seq, "action": action, "occurred_at": clock.rfc3339(now), **body}
        self.rows.append(
            {
                "user_id": self.user_id,
                "seq": seq,
                "action": action,
                "task_id": body["id"],
                "occurred_at": now,
                "payload": orjson.dumps(event).decode(),
                "state": orjson.dumps(state).decode() if state else None,
            }
        )
        self.next_seq += 1


@contextmanager
def transaction(
    user_id: str,
    count: int = 1,
    task_count_delta: int = 0,
    prepare: Callable[[], object] = lambda: None,
) -> Iterator[Transaction]:
    """Open a transaction that may append up to `count` events, and tell the streams after it.

    `task_count_delta` is added to the number of the user's tasks; `prepare` is called before
    anything is locked (`writing_of`). A block that appends nothing is rolled back, unless it sets
    `keep`. Raise ApiError: 401 if the user is gone; 422 if there would be more tasks than one user
    may have; 429 or 503 if too many of the user's changes wait already, or for too long.
    """
    with writing_of(user_id, prepare) as connection:
        reserved = _reserve(connection, user_id, count, task_count_delta)
        changes = Transaction(connection, user_id, reserved.seq - count + 1)
        yield changes
        if task_count_delta > 0 and changes.rows:
            _refuse_over_quota(reserved.task_count)
        _store(changes, unused=count - len(changes.rows))
    if changes.rows:
        appended.send(
            current_application(),
            user_id=user_id,
            entries=[Entry(row["seq"], row["action"], row["payload"]) for row in changes.rows],
        )


def _reserve(connection: Connection, user_id: str, count: int, task_count_delta: int) -> Head:
    """Lock the user's head and return it as it will be: the last of the numbers reserved."""
    wanted = {"of_user": user_id, "count": count, "task_count_delta": task_count_delta}
    row = connection.execute(RESERVE, wanted).first()
    if row is None:
        raise account_gone()
    return Head(*row)


def _refuse_over_quota(task_count: int) -> None:
    if task_count > (quota := current_application().config["TASKS_PER_USER"]):
        raise ApiError(ErrorCode.QUOTA_EXCEEDED, f"One user may have {quota:,} tasks at most.")


def _store(changes: Transaction, unused: int) -> None:
    if not changes.rows and not changes.keep:
        changes.connection.rollback()
        return
    if changes.rows:
        changes.connection.execute(INSERT, changes.rows)
        _prune(changes)
    if unused:
        changes.connection.execute(RELEASE, {"of_user": changes.user_id, "count": unused})


def _prune(changes: Transaction) -> None:
    """Delete the oldest events beyond EVENTS_KEEP_COUNT, at each hundredth; retention is hourly."""
    newest = changes.next_seq - 1
    last = newest - max(current_application().config["EVENTS_KEEP_COUNT"], KEPT_AT_LEAST)
    if last > 0 and newest % PRUNED_AFTER < len(changes.rows):
        changes.connection.execute(PRUNE, {"of_user": changes.user_id, "last": last})


def open_log(connection: Connection, user_id: str) -> None:
    """Start the log of a new user, in the transaction that makes the user."""
    connection.execute(insert(heads), {"user_id": user_id, "seq": 0, "task_count": 0})


def head(connection: Connection, user_id: str) -> Head:
    """Return where a user's log stands; zeros for a user who is gone."""
    row = connection.execute(HEAD, {"of_user": user_id}).first()
    return Head(*row) if row else Head(0, 0)


def read(connection: Connection, user_id: str, after: int, limit: int = PAGE_LENGTH) -> list[Entry]:
    """Return a page of the events that came after a position, oldest first.

    It ends before a gap, where the log was pruned between two parts of the page: whoever asks for
    the next page finds the gap at its beginning.
    """
    found = page(_rows(connection, AFTER, {"of_user": user_id, "after": after}), limit)
    return [entry for place, entry in enumerate(found) if entry.seq == found[0].seq + place]


def page(entries: Iterable[Entry], limit: int = PAGE_LENGTH) -> list[Entry]:
    """Return as many of the first entries as a page has room for, at least one."""
    found, size = list[Entry](), 0
    for entry in islice(entries, limit):
        size += entry.size
        if found and size > MAX_PAGE_SIZE:
            break
        found.append(entry)
    return found


def _rows(
    connection: Connection, statement: Select[int, str, str], parameters: dict[str, Any]
) -> Iterator[Entry]:
    """Yield the events after a position, read in parts: a driver may fetch all it is asked for.

    The first part is small, since a few long events fill a page.
    """
    limit = 8
    while True:
        rows = connection.execute(statement, parameters | {"limit": limit}).all()
        yield from (Entry(*row) for row in rows)
        if len(rows) < limit:
            return
        parameters["after"] = rows[-1].seq
        limit = min(2 * limit, PAGE_LENGTH)


def heads_of(connection: Connection, user_ids: list[str]) -> dict[str, int]:
    """Return where the logs of these users stand; one who is gone is left out."""
    rows = connection.execute(HEADS, {"user_ids": user_ids}).all()
    return dict(map(tuple, rows))


def last_state(connection: Connection, user_id: str, task_id: str) -> dict[str, Any] | None:
    """Return how a task was last, as its events say it; None where the log has it no more."""
    payload = connection.scalar(LAST_STATE, {"of_user": user_id, "of_task": task_id})
    return orjson.loads(payload) if payload else None


def history(
    connection: Connection, user_id: str, task_id: str, after: int, limit: int
) -> tuple[int, list[Entry]]:
    """Return the `seq` of a task's last event, or 0, and a page of its events after `after`."""
    task = {"of_user": user_id, "of_task": task_id}
    last = connection.scalar(LAST, task) or 0
    return last, page(_rows(connection, HISTORY, task | {"after": after}), limit)
