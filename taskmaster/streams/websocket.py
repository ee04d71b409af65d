"""The plain WebSocket: one text frame an event, a position in the URL or the first message."""

import threading
from collections.abc import Callable, Iterable
from typing import Any

import orjson
import structlog
from flask import Blueprint, Response, current_app, request
from sqlalchemy.exc import SQLAlchemyError

from ..core.auth import Principal
from ..core.errors import ApiError, ErrorCode
from . import auth
from .follower import HEARTBEAT, Follower
from .hub import Hub
from .messages import NOT_UNDERSTOOD, Closing, Message, stream_closed
from .wire import HandshakeError, Wire

log = structlog.get_logger(__name__)

blp = Blueprint("websocket", __name__)

AUTHENTICATION_SECONDS = 10
GOODBYE = 1.0  # seconds for the goodbye to be written


class Upgrade(Response):
    """A response that takes the connection over instead of answering the request."""

    def __init__(self, wire: Wire, converse: Callable[[], None]) -> None:
        super().__init__(status=101)
        self._wire, self._converse = wire, converse

    def __call__(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        """Converse until the connection is over."""
        self._wire.serve(environ, self._converse)
        return []


@blp.get("/ws/tasks/")
def explain() -> Response:
    """Refuse a plain GET."""
    headers = {"Upgrade": "websocket", "Connection": "Upgrade"}
    raise ApiError(ErrorCode.UPGRADE_REQUIRED, "This is a WebSocket.", headers=headers)


@blp.get("/ws/tasks/", websocket=True)
def open_websocket() -> Response:
    """Follow one's tasks over a WebSocket."""
    auth.check_origin()
    since = auth.position(request.args.get("since"))
    token = auth.header_token()
    principal = auth.identify(token) if token else None
    try:
        wire = Wire(request.environ)
    except HandshakeError:
        raise ApiError(ErrorCode.MALFORMED_REQUEST, "This is no WebSocket handshake.") from None
    hub: Hub = current_app.extensions["hub"]
    return Upgrade(wire, lambda: _converse(wire, hub, principal, since))


def _converse(wire: Wire, hub: Hub, principal: Principal | None, since: int | None) -> None:
    try:
        follower = hub.join(principal, since) if principal else _await_first(wire, hub, since)
    except ApiError as error:
        return _refuse(wire, error)
    except SQLAlchemyError:
        return _say_goodbye(wire, Closing.SERVER_RESTART)
    if follower is None:
        return _say_goodbye(wire, wire.closing or Closing.AUTHENTICATION_TIMEOUT)
    follower.abort = wire.abort
    writer = threading.Thread(target=_write, args=(wire, follower), daemon=True)
    try:
        writer.start()
        while (message := wire.wait()) is not None:
            wire.send(_text(_answer(follower, message)))
    finally:
        if wire.closing:
            follower.close(wire.closing)
            writer.join(GOODBYE)
        follower.leave()


def _await_first(wire: Wire, hub: Hub, since: int | None) -> Follower | None:
    """Follow as the first message says; None if there was none in time. Raise ApiError."""
    wire.set_deadline(AUTHENTICATION_SECONDS)
    while (message := wire.wait()) is not None:
        body = _read(message)
        if body.get("action") == "authenticate":
            wire.set_deadline(None)
            principal = auth.identify(body.get("token"))
            return hub.join(principal, auth.position(body.get("since", since)))
        wire.send(_text(NOT_UNDERSTOOD))
    return None


def _refuse(wire: Wire, error: ApiError) -> None:
    if error.problem["code"] == ErrorCode.TOO_MANY_CONNECTIONS:
        return _say_goodbye(wire, Closing.TOO_MANY_CONNECTIONS)
    if error.problem["code"] == ErrorCode.UNAVAILABLE:
        return _say_goodbye(wire, Closing.SERVER_RESTART)
    wire.send(_text(auth.refusal(error)))
    return wire.close(Closing.SESSION_ENDED.code, error.problem["code"])


def _say_goodbye(wire: Wire, closing: Closing) -> None:
    wire.send(_text(stream_closed(closing)))
    wire.close(closing.code, closing.value)


def _answer(follower: Follower, message: str | bytes) -> Message:
    body = _read(message)
    if body.get("action") != "authenticate":
        return NOT_UNDERSTOOD
    return auth.renew(follower, body.get("token"))


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


def _write(wire: Wire, follower: Follower) -> None:
    """Send what is due until the stream is closed, then close the connection."""
    try:
        for batch in follower.messages():
            for message in batch:
                wire.send(_text(message))
            wire.ping(every=HEARTBEAT)
        if follower.closing and not follower.silent:
            wire.close(follower.closing.code, follower.closing.value)
    except OSError:
        pass  # the client is gone, or was cut
    except Exception:
        log.exception("stream_failed")
    finally:
        if not wire.closing:
            wire.abort()  # frees the reader
