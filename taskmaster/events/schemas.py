"""What events look like on the wire."""

from marshmallow import fields, validate

from ..core.pagination import link_to
from ..core.schemas import INT64, ReplySchema, Schema, Time, WholeParameter


class EventQuerySchema(Schema):
    """Which events to reply: those after a position, and how many at once."""

    since = WholeParameter(
        load_default=0,
        validate=validate.Range(0, 2**63 - 1),
        metadata=INT64 | {"description": "The last `seq` seen; 0 for everything."},
    )
    limit = WholeParameter(
        load_default=100,
        validate=validate.Range(1, 1000),
        metadata={"description": "How many events to reply at most."},
    )


class LoggedSchema(ReplySchema):
    """What every event has."""

    seq = fields.Integer(
        validate=validate.Range(1),
        metadata=INT64 | {"description": "Counts 1, 2, 3 per user.", "example": 42},
    )
    occurred_at = Time()
    id = fields.UUID(metadata={"description": "Of the task."})


# Events have the fields of tasks, which this package does not know: by name.
EVENTS = fields.List(fields.Nested("EventSchema"))
FOLLOWING = "The following part; null where it ends here."


class HistorySchema(ReplySchema):
    """A part of what happened to one task, oldest first."""

    next = link_to(
        "tasks/0197f3c2-8f1e-7cc0-b3a4-5d1f0e6a9b21/history/?limit=1&since=42", FOLLOWING
    )
    results = EVENTS


class ReplaySchema(HistorySchema):
    """A part of the log, oldest first."""

    next = link_to("tasks/events/?limit=1&since=42", FOLLOWING)
    seq = fields.Integer(metadata=INT64 | {"description": "Where the log stands.", "example": 44})
