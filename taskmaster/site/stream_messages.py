"""The messages of the streams: what each means, the JSON Schema of its body, an example."""

from typing import Any, NamedTuple

from apispec import APISpec
from marshmallow import Schema, fields

from ..core.document import SchemaPlugin
from ..core.schemas import INT64
from ..tasks.schemas import TaskChangeEventSchema, TaskDeleteEventSchema

ALL = ("socketio", "websocket", "sse")
TWO_WAY = ("socketio", "websocket")


class Message(NamedTuple):
    """One message, the transports that have it, and its body; `optional` fields may be left out."""

    name: str
    summary: str
    fields: dict[str, Any]
    example: dict[str, Any]
    transports: tuple[str, ...] = ALL
    optional: tuple[str, ...] = ()

    @property
    def schema(self) -> dict[str, Any]:
        required = [name for name in self.fields if name not in self.optional]
        return {"type": "object", "required": required, "properties": self.fields}


_TEXT = {"type": "string"}
_POSITION = {"type": "integer", **INT64, "minimum": 0, "description": "A position in your log."}
_CODE = {"code": _TEXT}  # which ones, each transport says
_HEAD = dict.fromkeys(("seq", "action", "occurred_at", "id"))  # what comes first on the wire

_PLUGIN = SchemaPlugin()
SPEC = APISpec(title="", version="", openapi_version="3.1.0", plugins=[_PLUGIN])


class TaskCreateEventSchema(TaskChangeEventSchema):
    """A task was created."""

    action = fields.Constant("task_create")


class TaskUpdateEventSchema(TaskChangeEventSchema):
    """A task was changed; it has all fields, as they were after that."""

    action = fields.Constant("task_update")


def _event(schema: type[Schema]) -> Message:
    """Describe an event as the OpenAPI document does, but each by its own action."""
    action: Any = schema().fields["action"]
    name = action.constant
    SPEC.components.schema(name, schema=schema)
    described = SPEC.components.schemas[name]
    example = _HEAD | _PLUGIN.example(described)
    return Message(name, described["description"], described["properties"], example)


EVENTS = (
    _event(TaskCreateEventSchema),
    _event(TaskUpdateEventSchema),
    _event(TaskDeleteEventSchema),
)

CONTROLS = (
    Message(
        "stream_ready",
        "All up to `seq` has been delivered; from here on it is live.",
        {"seq": _POSITION, "replayed": {"type": "integer", "minimum": 0}},
        {"seq": 44, "replayed": 3},
    ),
    Message(
        "stream_reset",
        "Your position cannot be resumed: it is older than what is kept (`expired`), or was never "
        "reached (`ahead`). Live from `seq`; list the tasks again.",
        {"seq": _POSITION, "reason": {"type": "string", "enum": ["expired", "ahead"]}},
        {"seq": 44, "reason": "expired"},
    ),
    Message(
        "token_expiring",
        "The token runs out in so many seconds, and the stream ends then. Send a new one, or on "
        "server-sent events connect again with it.",
        {"expires_in": {"type": "integer", "minimum": 0}},
        {"expires_in": 60},
    ),
    Message(
        "authenticated",
        "The new token is in force until `expires_at`, in seconds since 1970.",
        {"expires_at": {"type": "integer", **INT64}},
        {"expires_at": 1896091200},
        TWO_WAY,
    ),
    Message(
        "error",
        "What you sent was refused; the stream goes on, under the old token. Only a first message "
        "on the WebSocket that is refused ends it.",
        _CODE | {"detail": _TEXT},
        {"code": "invalid_token", "detail": "This token is not valid."},
        TWO_WAY,
    ),
    Message(
        "stream_closed",
        "The last message: why the stream ends, and whether to come back.",
        _CODE | {"reconnect": {"type": "boolean"}},
        {"code": "server_restart", "reconnect": True},
    ),
)

FROM_CLIENTS = (
    Message(
        "authenticate",
        "Renew the token. The acknowledgement is the answer, `authenticated` or `error`, with its "
        "name in `action`; the answer comes as an event too.",
        {"token": _TEXT},
        {"token": "<access token>"},
        ("socketio",),
    ),
    Message(
        "authenticate",
        "The first message says who you are and, with `since`, where to go on. It is answered by "
        "the stream itself, or by `error`. A later one renews the token. It is answered by "
        "`authenticated` or `error`.",
        {"token": _TEXT, "since": _POSITION},
        {"token": "<access token>", "since": 42},
        ("websocket",),
        optional=("since",),
    ),
)
