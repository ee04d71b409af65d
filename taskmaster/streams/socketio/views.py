"""The Socket.IO server of one application: its options, and its one URL as a route.

A route passes the same checks as all others. Flask-SocketIO would answer before Flask does, with no
look at the host or the rate, no line of the log, and refusals in a shape of its own.
"""

from functools import partial
from io import BytesIO
from logging import CRITICAL, Logger
from math import inf
from typing import Any

from flask import Blueprint, Flask, Response, current_app, request
from flask_socketio import SocketIO
from socketio.packet import BINARY_ACK, BINARY_EVENT, EVENT, Packet

from ...core import lifecycle
from ...core.errors import ApiError, ErrorCode
from ..handshake import HUB, check_origin
from ..takeover import Upgrade, with_problem
from ..websocket.connection import MAX_MESSAGE
from .adapter import NAMESPACE, adapt, reap
from .namespace import UNKNOWN_EVENT, LockedManager, OtherNamespaces, TaskNamespace

blp = Blueprint("socketio", __name__)
CONNECT = 'connect with `transports: ["websocket"]`.'


class ClientPacket(Packet):
    """What a client may say: the events that python-socketio makes itself are none of its."""

    packet_type: int
    data: Any

    def decode(self, encoded_packet: str) -> int:
        """Read a packet; raise an error for what is not understood here.

        An event with attachments is not kept until they come: no event that is known has any.
        """
        super().decode(encoded_packet)
        is_event = self.packet_type in (EVENT, BINARY_EVENT)
        if self.packet_type == BINARY_ACK or (is_event and self.namespace != NAMESPACE):
            raise ValueError("a binary acknowledgement, or an event of another namespace")
        if is_event and (self.packet_type == BINARY_EVENT or self.data[0] != "authenticate"):
            self.packet_type, self.data = EVENT, [UNKNOWN_EVENT]
        return 0


def init_app(app: Flask) -> None:
    """Serve Socket.IO: its server with the namespace, at its URL."""
    wsgi_app, config = app.wsgi_app, app.config
    several = config["WEB_CONCURRENCY"] > 1 or config["REDIS_URL"]  # which several machines share
    socketio = SocketIO(
        app,
        async_mode=config["ASYNC_MODE"],
        client_manager=LockedManager(),  # another application's would be taken over
        manage_session=False,
        serializer=ClientPacket,
        json=app.json,  # it takes the JSON of an event as it is (`orjson.Fragment`)
        namespaces="*",  # OtherNamespaces refuses all but ours, in words
        cors_allowed_origins=[],  # it checks no origin: our route does, and sets the headers
        max_http_buffer_size=MAX_MESSAGE,
        http_compression=False,
        engineio_logger=Logger("quiet", CRITICAL + 1),  # it would log what any client can send
        transports=["websocket"] if several else None,
    )
    socketio.sockio_mw.engineio_path = "/socket.io"  # without the slash too
    app.wsgi_app = wsgi_app  # type: ignore[method-assign]  # a route leads there instead
    server = socketio.server
    socketio.on_namespace(TaskNamespace())
    server.register_namespace(OtherNamespaces("*"))
    adapt(server)
    lifecycle.every(app, 1, partial(reap, server), "reaper")
    lifecycle.on_stop(app, partial(reap, server, inf))
    app.register_blueprint(blp)


@blp.route("/socket.io/", methods=["GET", "POST"])
def poll() -> Response:
    """Open or go on with a connection by polling."""
    request.environ.pop("HTTP_UPGRADE", None)  # without `Connection: Upgrade` it means nothing
    if "CONTENT_LENGTH" not in request.environ:  # engine.io reads no body that comes in chunks
        body = request.stream.read(MAX_MESSAGE + 1)
        request.environ |= {"wsgi.input": BytesIO(body), "CONTENT_LENGTH": str(len(body))}
    try:
        return with_problem(current_app.make_response(_socketio().sockio_mw))
    except KeyError:  # engine.io looks a session up more than once, and this one went meanwhile
        _check()
        raise


@blp.get("/socket.io/", websocket=True)
def upgrade() -> Response:
    """Open a connection as a WebSocket, or change over to one."""
    return Upgrade(_socketio().sockio_mw)


def _socketio() -> Any:
    return current_app.extensions["socketio"]


@blp.before_request
def _check() -> None:
    """Say what is wrong, which engine.io's own refusals do not. Raise ApiError (400, 403)."""
    check_origin()
    engine, sid = _socketio().server.eio, request.args.get("sid")
    if not sid:
        HUB.get().check_open()
        if request.args.getlist("EIO") != ["4"]:
            detail = "Only version 4 of the Engine.IO protocol is supported (`EIO=4`)"
            clients = "socket.io-client 3 or later, or python-socketio 5 or later"
            raise ApiError(ErrorCode.MALFORMED_REQUEST, f"{detail}: use {clients}.")
    if (request.args.get("transport") or "polling") == "polling" not in engine.transports:
        detail = f"Polling is not available where several processes serve: {CONNECT}"
        raise ApiError(ErrorCode.WEBSOCKET_ONLY, detail)
    if sid and sid not in engine.sockets:
        detail = "This session is over, or another process has it: connect again, without `sid`"
        raise ApiError(ErrorCode.MALFORMED_REQUEST, f"{detail}; where several serve, {CONNECT}")
