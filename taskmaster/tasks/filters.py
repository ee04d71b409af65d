"""Which tasks a list has, and in what order: parameters into statements."""

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from marshmallow import ValidationError, fields, validate

from ..core.ids import earliest_uuid7
from ..core.pagination import Cursor, PageQuerySchema, bad_cursor
from ..core.schemas import Text, Time
from . import search
from .models import NEVER, tasks
from .schemas import TASK, Status, serialize_task

COLUMNS = tasks.c
# What each ordering goes by, before the id. An id tells when a task was created (core/ids.py).
ORDERINGS: Mapping[str, tuple[sa.Column[Any], ...]] = {
    "date_created": (),
    "last_updated": (COLUMNS.last_updated,),
    "due_date": (COLUMNS.due_date,),
    "title": (COLUMNS.title_key,),
    "priority": (COLUMNS.priority,),
}


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
        metadata={
            "description": """\
Every word must begin a word of the title or description, without regard to case and accents.
A word of one letter must be a word there. In scripts without spaces a word may stand anywhere.
"""
        },
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


def conditions(query: Mapping[str, Any]) -> list[sa.ColumnElement[bool]]:
    """Return what a task must fulfil to be in the list, beside being the user's."""
    found = [meets(query[name]) for name, meets in CONDITIONS.items() if name in query]
    return found + search.matches(query.get("search", ""))


def _due_after(moment: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(COLUMNS.due_date > moment, COLUMNS.due_date < NEVER)


def _created_after(moment: datetime) -> sa.ColumnElement[bool]:
    """Compare the id as well, which has an index."""
    return sa.and_(COLUMNS.date_created > moment, COLUMNS.id > earliest_uuid7(moment))


CONDITIONS: Mapping[str, Callable[[Any], sa.ColumnElement[bool]]] = {
    "status_task": COLUMNS.status_task.in_,
    "due_before": COLUMNS.due_date.__lt__,
    "due_after": _due_after,
    "created_after": _created_after,
    "updated_after": COLUMNS.last_updated.__gt__,
}


def ordered(statement: sa.Select[Any], ordering: str) -> sa.Select[Any]:
    """Put a statement in order; the id decides between equals."""
    reverse = ordering.startswith("-")
    return statement.order_by(*(c.desc() if reverse else c.asc() for c in _columns(ordering)))


def _columns(ordering: str) -> tuple[sa.Column[Any], ...]:
    return (*ORDERINGS[ordering.removeprefix("-")], COLUMNS.id)


def after_cursor(ordering: str, cursor: Cursor) -> sa.ColumnElement[bool]:
    """Return the condition of coming after a cursor's task. Raise ApiError (422)."""
    columns = _columns(ordering)
    values = (_read(ordering.removeprefix("-"), cursor.value), cursor.id)[-len(columns) :]
    here = sa.tuple_(*columns)
    there = sa.tuple_(
        *(sa.bindparam(f"after_{c.name}", v, c.type) for c, v in zip(columns, values, strict=True))
    )
    return here < there if ordering.startswith("-") else here > there


def cursor_of(ordering: str, task: Mapping[str, Any]) -> Cursor:
    """Return the cursor that continues after a task.

    In the order of creation the id alone decides. The time beside it is only checked for its form.
    """
    name = ordering.removeprefix("-")
    value = task["title_key"] if name == "title" else serialize_task(task)[name]
    return Cursor(ordering, value, task["id"])


def _read(name: str, value: Any) -> Any:
    """Return a cursor's value as its column has it. Raise ApiError (422)."""
    try:
        return TASK.fields[name].deserialize(value)
    except ValidationError:
        raise bad_cursor() from None
