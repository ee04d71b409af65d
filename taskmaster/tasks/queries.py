"""Reading tasks: one, a page, a part of a long list, a history."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, bindparam

from ..core.database import reading, searching_of
from ..core.errors import not_found
from ..core.pagination import Cursor, cursor_envelope, envelope, offset
from ..events import log
from .filters import DEFAULT_ORDERING, after_cursor, conditions, cursor_of, ordered
from .models import READ_COLUMNS, tasks
from .schemas import serialize_task
from .service import ONE

Query = Mapping[str, Any]
Conditions = list[sa.ColumnElement[bool]]

OF_USER = tasks.c.user_id == bindparam("of_user")
PAGE = sa.select(*READ_COLUMNS).where(OF_USER).limit(bindparam("limit")).offset(bindparam("offset"))
PART = PAGE.add_columns(tasks.c.title_key)  # which a cursor by title is made of
NEWEST = ordered(PAGE, DEFAULT_ORDERING)


def get(user_id: str, task_id: str) -> Mapping[str, Any]:
    """Return a user's task. Raise ApiError (404), also for another user's."""
    with reading() as connection:
        row = connection.execute(ONE, {"of_id": task_id, "of_user": user_id}).first()
    if row is None:
        raise not_found()
    return dict(row._mapping)


def list_tasks(user_id: str, task_count: int, query: Query) -> dict[str, Any]:
    """Return the body of a list. `task_count` is how many tasks the user has, without filters.

    Raise ApiError (404 past the last page, 422).
    """
    where = conditions(query)
    with searching_of(user_id) if where else reading() as connection:
        if "cursor" in query:
            return _part(connection, user_id, query, where)
        count = _count(connection, user_id, where) if where else task_count
        return _page(connection, user_id, query, where, count)


def _page(
    connection: Connection, user_id: str, query: Query, where: Conditions, count: int
) -> dict[str, Any]:
    page, size = query["page"], query["page_size"]
    plain = not where and query["ordering"] == DEFAULT_ORDERING
    statement = NEWEST if plain else ordered(PAGE.where(*where), query["ordering"])
    before = offset(page, size, count)
    # A search that finds nothing has read everything once, to count.
    found = _fetch(connection, statement, user_id, size, before) if count else []
    return envelope(page, size, count, [serialize_task(row) for row in found])


def _part(connection: Connection, user_id: str, query: Query, where: Conditions) -> dict[str, Any]:
    size, ordering = query["page_size"], query["ordering"]
    if query["cursor"]:
        where = [*where, after_cursor(ordering, Cursor.decode(query["cursor"], ordering))]
    # One more than asked for tells whether there is a next part.
    found = _fetch(connection, ordered(PART.where(*where), ordering), user_id, size + 1)
    following = cursor_of(ordering, found[size - 1]) if len(found) > size else None
    return cursor_envelope(following, [serialize_task(row) for row in found[:size]])


def _fetch(
    connection: Connection, statement: Any, user_id: str, limit: int, offset: int = 0
) -> list[Mapping[str, Any]]:
    window = {"of_user": user_id, "limit": limit, "offset": offset}
    rows = connection.execute(statement, window)
    names = tuple(rows.keys())
    return [dict(zip(names, row, strict=True)) for row in rows.all()]


def _count(connection: Connection, user_id: str, where: Conditions) -> int:
    statement = sa.select(sa.func.count()).select_from(tasks).where(OF_USER, *where)
    return connection.scalar(statement, {"of_user": user_id}) or 0


def history(user_id: str, task_id: str, since: int, limit: int) -> tuple[int, list[log.Entry]]:
    """Return the number of a task's last event and those after `since`. Raise ApiError (404)."""
    with reading() as connection:
        last, found = log.history(connection, user_id, task_id, since, limit)
    if not last:
        get(user_id, task_id)  # its events may all be pruned
    return last, found
