"""What is to be said of the streams, once: the page and the AsyncAPI document both show it."""

import json
from collections.abc import Iterable
from typing import NamedTuple

from ..core.errors import ErrorCode
from ..streams import sse
from ..streams.protocol import CloseReason, control
from .stream_messages import Message

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
    codes: dict[str, tuple[str, ...]]  # what `code` can be in a message


_ENDS = (CloseReason.SERVER_RESTART, CloseReason.TOKEN_EXPIRED, CloseReason.SESSION_ENDED)
_TOO_MUCH = (CloseReason.MESSAGE_TOO_LARGE, CloseReason.FLOOD)
_REFUSALS = (
    ErrorCode.MALFORMED_REQUEST,
    ErrorCode.NOT_AUTHENTICATED,
    ErrorCode.INVALID_TOKEN,
    ErrorCode.TOKEN_EXPIRED,
    ErrorCode.TOKEN_REVOKED,
    ErrorCode.WRONG_TOKEN_TYPE,
    ErrorCode.FORBIDDEN,
    ErrorCode.RATE_LIMITED,
    ErrorCode.INTERNAL_ERROR,
    ErrorCode.UNAVAILABLE,
)

TRANSPORTS = (
    Transport(
        "Socket.IO",
        "socketio",
        "ws",
        "/ws/tasks",
        "`auth: {token}`, or the header `Authorization`",
        "`auth: {since: 42}`",
        "An event with the message's name; the object is its one argument.",
        "A namespace. Give `auth` as a function, so that a reconnection sends today's token and "
        "position. After a server-side disconnect or a refusal the JavaScript client does not "
        "come back by itself: call `connect()`. With several server processes, use the WebSocket "
        "transport only. A refusal is a `connect_error` with `data.code`.",
        {"stream_closed": (*_ENDS, *_TOO_MUCH), "error": _REFUSALS},
    ),
    Transport(
        "WebSocket",
        "websocket",
        "ws",
        "/ws/tasks/",
        "The header `Authorization` (with or without `Bearer`), or within 10 seconds a first "
        "message `authenticate`",
        "`?since=42`, or `since` in that message",
        "One text frame: the object, with the message's name in `action`.",
        "A browser cannot set headers here: it sends the first message. A refusal is an HTTP "
        "problem before the upgrade, a close code after it.",
        {
            "stream_closed": (
                *_ENDS,
                *_TOO_MUCH,
                CloseReason.AUTHENTICATION_TIMEOUT,
                CloseReason.TOO_MANY_CONNECTIONS,
            ),
            "error": (*_REFUSALS, ErrorCode.VALIDATION_FAILED),  # of `since`
        },
    ),
    Transport(
        "Server-sent events",
        "sse",
        "http",
        "/api/v1/tasks/stream/",
        "The header `Authorization: Bearer`",
        "The header `Last-Event-ID: 42`, which wins, or `?since=42`",
        "A frame of lines, ended by an empty one: `id` with the `seq`, where the message has one; "
        "`event` with the message's name; `data` with the object on one line. After 15 seconds of "
        "silence, the comment `: still here`.",
        "The browser's EventSource cannot send the token: use fetch, a package such as "
        "`eventsource`, or one of the others. A refusal is an HTTP problem. You cannot send "
        "anything: reconnect with a new token before the old one expires.",
        {"stream_closed": _ENDS},
    ),
)

REASONS = {
    CloseReason.SERVER_RESTART: "The server restarts. Wait for a pause of random length.",
    CloseReason.TOO_SLOW: "You did not read, so the connection was cut without a last message.",
    CloseReason.TOKEN_EXPIRED: "Get a new token first.",
    CloseReason.SESSION_ENDED: "Logged out, password changed or account deleted: log in again.",
    CloseReason.AUTHENTICATION_TIMEOUT: "No `authenticate` within 10 seconds.",
    CloseReason.MESSAGE_TOO_LARGE: "A message of more than 64 KiB.",
    CloseReason.TOO_MANY_CONNECTIONS: "More than 50 streams of one user on one server process.",
    CloseReason.FLOOD: "More messages than anybody needs to send.",
}


def shown_on(transport: Transport, messages: Iterable[Message]) -> list[Message]:
    """Return those messages that a transport has, as they are there."""
    return [_as_on(transport, one) for one in messages if transport.key in one.transports]


def looks(message: Message) -> list[tuple[str, str]]:
    """Return how a message looks, each way with the names of the transports that have it so."""
    found: dict[str, list[str]] = {}
    for transport in TRANSPORTS:
        for one in shown_on(transport, (message,)):
            found.setdefault(_look(transport, one), []).append(transport.name)
    return [(" and ".join(names), text) for text, names in found.items()]


def said_on(closing: CloseReason) -> list[str]:
    """Return the names of the transports on which `stream_closed` gives this reason."""
    return [
        transport.name for transport in TRANSPORTS if closing in transport.codes["stream_closed"]
    ]


def named(message: Message) -> Message:
    """Return a message that tells its name in `action`."""
    fields = {"action": {"type": "string", "const": message.name}} | message.fields
    return message._replace(fields=fields, example={"action": message.name} | message.example)


def _as_on(transport: Transport, message: Message) -> Message:
    """Return a message with a transport's codes, and on the WebSocket always with `action`."""
    if codes := transport.codes.get(message.name):
        code = {"type": "string", "enum": [str(code) for code in codes]}
        message = message._replace(fields=message.fields | {"code": code})
    if transport.key == "websocket" and "action" not in message.fields:
        return named(message)
    return message


def _look(transport: Transport, message: Message) -> str:
    if transport.key == "sse":
        return sse.frame(control(message.name, **message.example)).rstrip()
    return json.dumps(message.example, indent=2)
