"""What is to be said of the streams, once: the page and the AsyncAPI document both show it."""

from typing import Any, NamedTuple

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin

from ..core.errors import ErrorCode
from ..streams.messages import Closing
from ..tasks.schemas import TaskSchema

TITLE = "Taskmaster streams"
SUMMARY = (
    "Every committed change of your tasks, exactly once and in order: "
    "`seq` counts 1, 2, 3 with no gap, whichever way you follow."
)


class Transport(NamedTuple):
    """One way to follow: how to reach it, how to say who one is and where to go on."""

    name: str
    key: str
    protocol: str
    address: str
    token: str
    resume: str
    form: str
    notes: str


class Message(NamedTuple):
    """One message and the JSON Schema of its body; `optional` fields may be left out."""

    name: str
    summary: str
    fields: dict[str, Any]
    example: dict[str, Any]
    optional: tuple[str, ...] = ()

    @property
    def schema(self) -> dict[str, Any]:
        required = [name for name in self.fields if name not in self.optional]
        return {"type": "object", "required": required, "properties": self.fields}


TRANSPORTS = (
    Transport(
        "Socket.IO",
        "socketio",
        "ws",
        "/ws/tasks",
        "`auth: {token}`, or the header `Authorization`",
        "`auth: {since: 42}`",
        "An event named by its action, the object as its one argument.",
        "A namespace. Give `auth` as a function, so that a reconnection sends today's token and "
        "position. After a server-side disconnect or a refusal the JavaScript client does not "
        "come back by itself: call `connect()`. With several server processes, use the WebSocket "
        "transport only. A refusal is a `connect_error` with `data.code`.",
    ),
    Transport(
        "WebSocket",
        "websocket",
        "ws",
        "/ws/tasks/",
        "The header `Authorization` (with or without `Bearer`), or within 10 seconds a first "
        "message `authenticate`",
        "`?since=42`, or `since` in that message",
        "One text frame: the object, its kind in `action`.",
        "A browser cannot set headers here: it sends the first message. A refusal is an HTTP "
        "problem before the upgrade, a close code after it.",
    ),
    Transport(
        "Server-sent events",
        "sse",
        "http",
        "/api/v1/tasks/stream/",
        "The header `Authorization: Bearer`",
        "The header `Last-Event-ID: 42`, or `?since=42`",
        "`id: 42`, `event: task_create`, `data: {...}`; control messages have no `id`.",
        "The browser's EventSource cannot send the token: use fetch, or one of the others. A "
        "refusal is an HTTP problem. There is no way back for messages: reconnect with a new "
        "token before the old one expires.",
    ),
)

_TIME = {"type": "string", "format": "date-time"}
_SEQ = {"type": "integer", "minimum": 1, "description": "The position in your log."}
_POSITION = {"type": "integer", "minimum": 0, "description": "A position in your log."}
_AN_ID = "0197f3c2-8f1e-7cc0-b3a4-5d1f0e6a9b21"
_AT = "2030-01-31T12:00:00.000000+00:00"
_CODES = {"type": "string", "enum": [code.value for code in ErrorCode]}


def _task_fields() -> dict[str, Any]:
    """Return the JSON Schema of a task's fields, as in the OpenAPI document."""
    plugin = MarshmallowPlugin()
    APISpec(title="", version="", openapi_version="3.1.0", plugins=[plugin])
    converter: Any = plugin.converter  # made by the line above
    fields = converter.schema2jsonschema(TaskSchema())["properties"]
    return {
        name: {key: value for key, value in field.items() if key not in ("readOnly", "default")}
        for name, field in fields.items()
    }


def _event(action: str, summary: str, fields: dict[str, Any], **example: Any) -> Message:
    head = {"seq": _SEQ, "action": {"const": action}, "occurred_at": _TIME}
    body = {"seq": 42, "action": action, "occurred_at": _AT, "id": _AN_ID, **example}
    return Message(action, summary, head | fields, body)


_TASK = _task_fields()
_EXAMPLE = {
    "title": "Water the plants",
    "description": "All of them",
    "status_task": "TO DO",
    "date_created": _AT,
    "last_updated": _AT,
    "due_date": None,
    "priority": "MEDIUM",
}
_ID = {"id": {"type": "string", "format": "uuid"}}

EVENTS = (
    _event("task_create", "A task came to be.", _TASK, **_EXAMPLE),
    _event("task_update", "A task changed: all of it, as it is now.", _TASK, **_EXAMPLE),
    _event("task_delete", "A task is gone.", _ID),
)

CONTROLS = (
    Message(
        "stream_ready",
        "All up to `seq` has been delivered; from here on it is live.",
        {"seq": _POSITION, "replayed": {"type": "integer", "minimum": 0}},
        {"seq": 42, "replayed": 7},
    ),
    Message(
        "stream_reset",
        "Your position cannot be resumed: it is older than what is kept (`expired`), or was never "
        "reached (`ahead`). Live from `seq`; list the tasks again.",
        {"seq": _POSITION, "reason": {"enum": ["expired", "ahead"]}},
        {"seq": 42, "reason": "expired"},
    ),
    Message(
        "token_expiring",
        "The token runs out in so many seconds: send a new one, or the stream ends.",
        {"expires_in": {"type": "integer", "minimum": 0}},
        {"expires_in": 60},
    ),
    Message(
        "authenticated",
        "The new token is in force until `expires_at`, in seconds since 1970.",
        {"expires_at": {"type": "integer"}},
        {"expires_at": 1896091200},
    ),
    Message(
        "error",
        "What you sent was refused; the stream goes on, under the old token.",
        {"code": _CODES, "detail": {"type": "string"}},
        {"code": "invalid_token", "detail": "This token is not valid."},
    ),
    Message(
        "stream_closed",
        "The goodbye: why, and whether to come back.",
        {
            "code": {"enum": [closing.value for closing in Closing]},
            "reconnect": {"type": "boolean"},
        },
        {"code": "server_restart", "reconnect": True},
    ),
)

AUTHENTICATE = Message(
    "authenticate",
    "Say who you are (WebSocket, first message), or renew the token in-band (Socket.IO with an "
    "acknowledgement, and WebSocket). Answered by `authenticated` or `error`.",
    {"token": {"type": "string"}, "since": _POSITION},
    {"token": "<access token>", "since": 42},
    optional=("since",),
)

REASONS = {
    Closing.SERVER_RESTART: "The server restarts: come back after a pause of random length.",
    Closing.TOO_SLOW: "You did not read; cut without a goodbye. Come back and resume.",
    Closing.TOKEN_EXPIRED: "Get a new token first.",
    Closing.SESSION_ENDED: "Logged out, password changed or account deleted: log in again.",
    Closing.AUTHENTICATION_TIMEOUT: "No `authenticate` within 10 seconds.",
    Closing.MESSAGE_TOO_LARGE: "A message of more than 64 KiB.",
    Closing.TOO_MANY_CONNECTIONS: "More than 50 streams of one user on one server process.",
    Closing.FLOOD: "More messages than anybody needs to send.",
}
