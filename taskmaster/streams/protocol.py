"""The messages of a stream: events of the log, and control messages about the stream itself."""

from enum import StrEnum
from typing import Any, NamedTuple

import orjson

from ..core.errors import ErrorCode


class Message(NamedTuple):
    """One message: its name, its JSON, and the position that a client has reached with it."""

    name: str
    payload: str
    seq: int | None = None
    is_event: bool = False


class CloseReason(StrEnum):
    """Why a stream is closed: the close code of the WebSocket, and whether to come back."""

    code: int
    reconnect: bool

    def __new__(cls, value: str, code: int, reconnect: bool) -> "CloseReason":
        reason = str.__new__(cls, value)
        reason._value_, reason.code, reason.reconnect = value, code, reconnect
        return reason

    SERVER_RESTART = "server_restart", 1012, True
    TOO_SLOW = "too_slow", 1006, True  # cut without a close frame: it could not be written
    TOKEN_EXPIRED = "token_expired", 4401, False
    SESSION_ENDED = "session_ended", 4401, False
    AUTHENTICATION_TIMEOUT = "authentication_timeout", 4408, False
    MESSAGE_TOO_LARGE = "message_too_large", 4413, False
    TOO_MANY_CONNECTIONS = "too_many_connections", 4429, False
    FLOOD = "flood", 4429, False


def control(name: str, **body: Any) -> Message:
    """Return a control message. A `seq` in its body is the position that it stands for."""
    return Message(name, orjson.dumps(body).decode(), body.get("seq"))


def stream_closed(reason: CloseReason) -> Message:
    """Return the message that says why the stream is closed."""
    return control("stream_closed", code=reason.value, reconnect=reason.reconnect)


def refusal(problem: dict[str, Any]) -> Message:
    """Return the error message of a refusal."""
    return control("error", code=problem["code"], detail=problem["detail"])


UNKNOWN = "This event is unknown. Only `authenticate` with a token is understood here."
NOT_UNDERSTOOD = control("error", code=ErrorCode.MALFORMED_REQUEST.value, detail=UNKNOWN)
