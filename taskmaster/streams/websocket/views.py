"""The plain WebSocket: one text frame an event, a position in the URL or the first message."""

import threading
from functools import partial
from typing import Any

import orjson
import structlog
from flask import Blueprint, Response, request

from ...core.auth import Principal
from ...core.errors import ApiError, ErrorCode
from ..handshake import HUB, check_origin, identify, position, problem_of, renew
from ..protocol import NOT_UNDERSTOOD, CloseReason, Message, refusal, stream_closed
from ..subscription import HEARTBEAT, Subscription
from ..takeover import Upgrade
from .connection import WebSocketConnection, websocket_application

log = structlog.get_logger(__name__)

blp = Blueprint("websocket", __name__)
AUTHENTICATION_SECONDS = 10


@blp.get("/ws/tasks/")
def explain() -> Response:
    """Refuse a plain GET."""
    headers = {"Upgrade": "websocket", "Connection": "Upgrade"}
    raise ApiError(ErrorCode.UPGRADE_REQUIRED, "This is a WebSocket.", headers=headers)


@blp.get("/ws/tasks/", websocket=True)
def open_websocket() -> Response:
    """Follow one's tasks over a WebSocket."""
    check_origin()
    since = position(request.args.get("since"))
    principal = identify(token) if (token := request.headers.get("Authorization")) else None
    return Upgrade(websocket_application(partial(_converse, principal=principal, since=since)))


def _converse(
    connection: WebSocketConnection, principal: Principal | None, since: int | None
) -> None:
    try:
        asked = (principal, since) if principal else _await_first(connection, since)
        if asked:
            with HUB.get().subscribe(*asked, connection) as subscription:
                _follow(connection, subscription)
        connection.linger()
    except OSError:
        raise  # the client is gone
    except Exception as error:
        _refuse(connection, problem_of(error))
    finally:
        HUB.get().unnamed.discard(connection)


def _await_first(
    connection: WebSocketConnection, since: int | None
) -> tuple[Principal, int | None] | None:
    """Return who follows, and after which event; None without a message. Raise ApiError."""
    connection.set_deadline(AUTHENTICATION_SECONDS)
    HUB.get().unnamed.add(connection)
    HUB.get().check_open()  # after it was added: a stop looks there once
    for message in connection.messages:
        if body := _read(message):
            connection.set_deadline(None)
            return identify(body.get("token")), position(body.get("since"), since)
        connection.send(_text(NOT_UNDERSTOOD))
    _close(connection, connection.fault or CloseReason.AUTHENTICATION_TIMEOUT)
    return None


def _follow(connection: WebSocketConnection, subscription: Subscription) -> None:
    """Send in a thread of its own; read and answer here until the connection is over."""
    threading.Thread(target=_write, args=(connection, subscription), daemon=True).start()
    for message in connection.messages:
        body = _read(message)
        answer = renew(subscription, body.get("token")) if body else NOT_UNDERSTOOD
        connection.send(_text(answer))
    subscription.close(connection.fault)


def _write(connection: WebSocketConnection, subscription: Subscription) -> None:
    """Send what is due until the stream is closed, then close the connection."""
    try:
        for batch in subscription.messages():
            for message in batch:
                connection.send(_text(message))
            connection.ping(every=HEARTBEAT)
        if reason := subscription.close_reason:
            connection.close(reason.code, reason.value)
    except OSError:
        pass  # the client is gone, or was cut
    except Exception:
        log.exception("stream_failed")
    finally:
        if not connection.fault:
            connection.abort()  # frees the reader


def _refuse(connection: WebSocketConnection, problem: dict[str, Any]) -> None:
    """Say why there is no stream, and close."""
    if problem["status"] >= 500:
        _close(connection, CloseReason.SERVER_RESTART)
    elif problem["code"] == CloseReason.TOO_MANY_CONNECTIONS:
        _close(connection, CloseReason.TOO_MANY_CONNECTIONS)
    else:
        connection.send(_text(refusal(problem)))
        connection.close(CloseReason.SESSION_ENDED.code, problem["code"])


def _close(connection: WebSocketConnection, reason: CloseReason) -> None:
    connection.send(_text(stream_closed(reason)))
    connection.close(reason.code, reason.value)


def _read(message: str | bytes) -> dict[str, Any] | None:
    """Return what an `authenticate` message says; None for any other."""
    try:
        body = orjson.loads(message) if isinstance(message, str) else None
    except orjson.JSONDecodeError:
        return None
    return body if isinstance(body, dict) and body.get("action") == "authenticate" else None


def _text(message: Message) -> str:
    """Return the frame: the event's own JSON, or a control message with its name as `action`."""
    if message.is_event:
        return message.payload
    return f'{{"action":"{message.name}",{message.payload[1:]}'
