"""The plain WebSocket: one text frame an event, a position in the URL or the first message."""

import threading
from collections.abc import Callable, Iterable
from typing import Any

import orjson
import structlog
from flask import Blueprint, Response, request
from sqlalchemy.exc import SQLAlchemyError

from ...core.auth import Principal
from ...core.errors import ApiError, ErrorCode
from ..handshake import check_origin, current_hub, header_token, identify, position, refusal, renew
from ..hub import Hub
from ..protocol import NOT_UNDERSTOOD, CloseReason, Message, stream_closed
from ..subscription import HEARTBEAT, Subscription
from ..takeover import end_call
from .connection import HandshakeError, WebSocketConnection

log = structlog.get_logger(__name__)

blp = Blueprint("websocket", __name__)

AUTHENTICATION_SECONDS = 10
GOODBYE = 1.0  # seconds for the goodbye to be written

Request = tuple[Principal, int | None]  # who follows, and after which event


class Upgrade(Response):
    """A response that takes the connection over instead of answering the request."""

    def __init__(self, connection: WebSocketConnection, converse: Callable[[], None]) -> None:
        super().__init__(status=101)
        self._connection, self._converse = connection, converse

    def __call__(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        """Converse until the connection is over."""
        self._connection.serve(environ, self._converse)
        end_call(environ)


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
    token = header_token()
    principal = identify(token) if token else None
    try:
        connection = WebSocketConnection(request.environ)
    except HandshakeError:
        raise ApiError(ErrorCode.MALFORMED_REQUEST, "This is no WebSocket handshake.") from None
    hub = current_hub()
    return Upgrade(connection, lambda: _converse(connection, hub, principal, since))


def _converse(
    connection: WebSocketConnection, hub: Hub, principal: Principal | None, since: int | None
) -> None:
    try:
        asked = (principal, since) if principal else _await_first(connection, since)
        if asked is None:
            reason = connection.close_reason or CloseReason.AUTHENTICATION_TIMEOUT
            return _say_goodbye(connection, reason)
        with hub.subscribe(*asked, connection) as subscription:
            _follow(connection, subscription)
    except ApiError as error:
        _refuse(connection, error)
    except SQLAlchemyError:
        _say_goodbye(connection, CloseReason.SERVER_RESTART)


def _await_first(connection: WebSocketConnection, since: int | None) -> Request | None:
    """Return what the first message asks for; None if there was none in time. Raise ApiError."""
    connection.set_deadline(AUTHENTICATION_SECONDS)
    while (message := connection.wait()) is not None:
        body = _read(message)
        if body.get("action") == "authenticate":
            connection.set_deadline(None)
            principal = identify(body.get("token"))
            return principal, position(body.get("since", since))
        connection.send(_text(NOT_UNDERSTOOD))
    return None


def _follow(connection: WebSocketConnection, subscription: Subscription) -> None:
    """Send in a thread of its own; read and answer here until the connection is over."""
    args = (connection, subscription)
    writer = threading.Thread(target=_write, args=args, daemon=True)
    try:
        writer.start()
        while (message := connection.wait()) is not None:
            connection.send(_text(_answer(subscription, message)))
    finally:
        if connection.close_reason:
            subscription.close(connection.close_reason)
            writer.join(GOODBYE)


def _refuse(connection: WebSocketConnection, error: ApiError) -> None:
    code = error.problem["code"]
    if code == ErrorCode.TOO_MANY_CONNECTIONS:
        return _say_goodbye(connection, CloseReason.TOO_MANY_CONNECTIONS)
    if code == ErrorCode.UNAVAILABLE:
        return _say_goodbye(connection, CloseReason.SERVER_RESTART)
    connection.send(_text(refusal(error)))
    return connection.close(CloseReason.SESSION_ENDED.code, code)


def _say_goodbye(connection: WebSocketConnection, reason: CloseReason) -> None:
    connection.send(_text(stream_closed(reason)))
    connection.close(reason.code, reason.value)


def _answer(subscription: Subscription, message: str | bytes) -> Message:
    body = _read(message)
    if body.get("action") != "authenticate":
        return NOT_UNDERSTOOD
    return renew(subscription, body.get("token"))


def _read(message: str | bytes) -> dict[str, Any]:
    """Return the object of a frame; an empty one for anything else."""
    try:
        body = orjson.loads(message) if isinstance(message, str) else None
    except orjson.JSONDecodeError:
        body = None
    return body if isinstance(body, dict) else {}


def _text(message: Message) -> str:
    """Return the frame: the event's own JSON, or a control message with its name as `action`."""
    if message.is_event:
        return message.payload
    return f'{{"action":"{message.name}",{message.payload[1:]}'


def _write(connection: WebSocketConnection, subscription: Subscription) -> None:
    """Send what is due until the stream is closed, then close the connection."""
    try:
        for batch in subscription.messages():
            for message in batch:
                connection.send(_text(message))
            connection.ping(every=HEARTBEAT)
        if reason := subscription.goodbye:
            connection.close(reason.code, reason.value)
    except OSError:
        pass  # the client is gone, or was cut
    except Exception:
        log.exception("stream_failed")
    finally:
        if not connection.close_reason:
            connection.abort()  # frees the reader
