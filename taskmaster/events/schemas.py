"""What events look like on the wire."""

from marshmallow import INCLUDE, fields, validate

from ..core.schemas import Schema, Time, Whole

ACTIONS = ("task_create", "task_update", "task_delete")


class ReplayQuerySchema(Schema):
    """From where to replay, and how much at once."""

    since = Whole(
        load_default=0,
        validate=validate.Range(0, 2**63 - 1),
        metadata={"description": "The last `seq` seen; 0 for everything."},
    )
    limit = Whole(load_default=100, validate=validate.Range(1, 1000))


class EventSchema(Schema):
    """A change of a task, with the task's fields as they were after it."""

    class Meta:
        unknown = INCLUDE

    seq = fields.Integer(required=True, metadata={"description": "Counts 1, 2, 3 per user."})
    action = fields.String(required=True, validate=validate.OneOf(ACTIONS))
    occurred_at = Time(required=True)
    id = fields.UUID(required=True, metadata={"description": "Of the task."})


class ReplaySchema(Schema):
    """A part of the log."""

    seq = fields.Integer(required=True, metadata={"description": "Where the log stands."})
    next = fields.Url(allow_none=True, metadata={"description": "The following part."})
    results = fields.List(fields.Nested(EventSchema))


class HistorySchema(Schema):
    """What happened to one task, oldest first."""

    results = fields.List(fields.Nested(EventSchema))
