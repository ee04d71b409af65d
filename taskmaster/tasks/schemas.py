"""What tasks look like on the wire."""

from collections.abc import Mapping
from enum import IntEnum
from typing import Any

from marshmallow import fields, validate

from ..core.clock import rfc3339
from ..core.pagination import PageSchema
from ..core.schemas import Schema, Text, Time, Trimmed

STATUSES = ("TO DO", "IN PROGRESS", "DONE")


class Priority(IntEnum):
    """How much a task matters; stored as the number, so that it sorts."""

    LOW = 0
    MEDIUM = 1
    HIGH = 2


class TaskSchema(Schema):
    """A task."""

    id = fields.UUID(dump_only=True)
    title = Trimmed(
        required=True, validate=validate.Length(1, 100), metadata={"example": "Water the plants"}
    )
    description = Text(
        load_default="", validate=validate.Length(max=10_000), metadata={"example": "All of them"}
    )
    status_task = fields.String(load_default="TO DO", validate=validate.OneOf(STATUSES))
    date_created = Time(dump_only=True)
    last_updated = Time(dump_only=True)
    due_date = Time(
        load_default=None, allow_none=True, metadata={"example": "2030-01-31T12:00:00+00:00"}
    )
    priority = fields.Enum(Priority, load_default=Priority.MEDIUM)


class TaskPageSchema(PageSchema):
    """A page of tasks, newest first."""

    results = fields.List(fields.Nested(TaskSchema))


def represent(task: Mapping[str, Any]) -> dict[str, Any]:
    """Return what TaskSchema would dump, at a tenth of the cost (a test holds them equal)."""
    return {
        "id": task["id"],
        "title": task["title"],
        "description": task["description"],
        "status_task": task["status_task"],
        "date_created": rfc3339(task["date_created"]),
        "last_updated": rfc3339(task["last_updated"]),
        "due_date": rfc3339(task["due_date"]),
        "priority": Priority(task["priority"]).name,
    }
