"""Which tasks a list has, and in what order: parameters into statements."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from marshmallow import fields, validate

from ..core.pagination import Cursor, PageQuerySchema, bad_cursor
from ..core.schemas import Text, Time
from . import search
from .models import NEVER, tasks
from .schemas import Priority, Status


class Ordering(StrEnum):
    """What a list is ordered by; a leading `-` reverses."""

    DATE_CREATED = "date_created"
    DATE_CREATED_REVERSED = "-date_created"
    LAST_UPDATED = "last_updated"
    LAST_UPDATED_REVERSED = "-last_updated"
    DUE_DATE = "due_date"
    DUE_DATE_REVERSED = "-due_date"
    TITLE = "title"
    TITLE_REVERSED = "-title"
    PRIORITY = "priority"
    PRIORITY_REVERSED = "-priority"


DEFAULT_ORDERING = Ordering.DATE_CREATED_REVERSED


class TaskQuerySchema(PageQuerySchema):
    """Which tasks to list. Filters are combined; without any, all are listed."""

    status_task = fields.List(
        fields.Enum(Status, by_value=fields.String),
        metadata={"description": "Only these; may be repeated."},
    )
    search = Text(
        validate=validate.Length(max=200),
        metadata={"description": "Every word must begin a word of the title or description."},
    )
    due_before = Time(metadata={"description": "Only tasks that are due before this time."})
    due_after = Time(metadata={"description": "Only tasks that are due after this time."})
    created_after = Time(metadata={"description": "Only tasks created after this time."})
    updated_after = Time(metadata={"description": "Only tasks changed after this time."})
    ordering = fields.Enum(
        Ordering,
        by_value=fields.String,
        load_default=DEFAULT_ORDERING,
        metadata={"description": "A leading `-` reverses. No due date is later than any."},
    )
    cursor = Text(
        metadata={
            "description": "Empty to start; `next` carries the following one. For deep lists."
        }
    )


def conditions(user_id: str, query: Mapping[str, Any]) -> list[sa.ColumnElement[bool]]:
    """Return what a task must fulfil to be in the list, beside being the user's."""
    columns = tasks.c
    tests = {
        "status_task": columns.status_task.in_,
        "due_before": columns.due_date.__lt__,
        "due_after": lambda moment: sa.and_(columns.due_date > moment, columns.due_date < NEVER),
        "created_after": columns.date_created.__gt__,
        "updated_after": columns.last_updated.__gt__,
    }
    found = [test(query[name]) for name, test in tests.items() if name in query]
    if "search" in query:
        found += search.matches(user_id, query["search"]) or [sa.false()]
    return found


def ordered(statement: sa.Select[Any], ordering: str) -> sa.Select[Any]:
    """Put a statement in order; the id decides between equals."""
    columns = (tasks.c[ordering.removeprefix("-")], tasks.c.id)
    reverse = ordering.startswith("-")
    return statement.order_by(*(c.desc() if reverse else c.asc() for c in columns))


def behind(ordering: str, cursor: Cursor) -> sa.ColumnElement[bool]:
    """Return the condition of coming after a cursor's task. Raise ApiError (422)."""
    name = ordering.removeprefix("-")
    column = tasks.c[name]
    here = sa.tuple_(column, tasks.c.id)
    there = sa.tuple_(
        sa.bindparam("after", _read(name, cursor.value), column.type),
        sa.bindparam("after_id", cursor.id, tasks.c.id.type),
    )
    return here < there if ordering.startswith("-") else here > there


def cursor_of(ordering: str, task: Mapping[str, Any]) -> Cursor:
    """Return the cursor that continues after a task."""
    value = task[ordering.removeprefix("-")]
    return Cursor(value.isoformat() if isinstance(value, datetime) else value, task["id"])


def _read(name: str, value: Any) -> Any:
    """Return a cursor's value as its column has it. Raise ApiError (422)."""
    try:
        return READERS[name](value)
    except (ValueError, TypeError, OverflowError):
        raise bad_cursor() from None


def _time(value: Any) -> datetime:
    return datetime.fromisoformat(value).astimezone(UTC)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


READERS: Mapping[str, Callable[[Any], Any]] = {
    "date_created": _time,
    "last_updated": _time,
    "due_date": lambda value: None if value is None else _time(value),
    "title": _text,
    "priority": lambda value: int(Priority(value)),
}
