"""The Socket.IO server of one application: its options, its bounds, its bookkeeping."""

import logging
import threading
from typing import Any

from flask import Flask
from flask_socketio import SocketIO
from socketio import Manager
from socketio.packet import BINARY_ACK, BINARY_EVENT, EVENT, Packet

from ..core import clock, lifecycle
from ..core.concurrency import pause
from .engine import PING_INTERVAL, PING_TIMEOUT, EngineSocket, EngineWebSocket
from .hub import Hub
from .namespace import NAMESPACE, TaskNamespace
from .socketio_views import blp, speak_our_errors
from .wire import LARGEST_MESSAGE

JOINING = 10  # seconds for a connection to join the namespace
quiet = logging.getLogger("taskmaster.engineio")  # would log what any client can send
quiet.disabled = True


class LockedManager(Manager):
    """python-socketio's rooms, which it looks at first and changes then, for real threads."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.RLock()

    def basic_enter_room(self, *args: Any, **kwargs: Any) -> None:
        """Put a connection in a room."""
        with self._lock:
            super().basic_enter_room(*args, **kwargs)

    def basic_leave_room(self, *args: Any, **kwargs: Any) -> None:
        """Take a connection out of a room."""
        with self._lock:
            super().basic_leave_room(*args, **kwargs)

    def basic_disconnect(self, *args: Any, **kwargs: Any) -> None:
        """Forget a connection."""
        with self._lock:
            super().basic_disconnect(*args, **kwargs)


class ClientPacket(Packet):
    """What a client may say: the events that python-socketio makes itself are none of its."""

    def decode(self, encoded_packet: str) -> Any:
        """Read a packet; raise ValueError for what is not understood here."""
        attachments = super().decode(encoded_packet)
        if self.packet_type == EVENT and self.data[0] != "authenticate":
            raise ValueError("unknown event")
        if self.packet_type in (BINARY_EVENT, BINARY_ACK):  # kept until its attachments come
            raise ValueError("binary")
        return attachments


def init_app(app: Flask, hub: Hub) -> None:
    """Serve the namespace."""
    wsgi_app = app.wsgi_app
    socketio = SocketIO(
        app,
        async_mode=app.config["ASYNC_MODE"],
        client_manager=LockedManager(),  # its own: another application's would be taken over
        manage_session=False,
        serializer=ClientPacket,
        namespaces=[NAMESPACE],
        cors_allowed_origins=[],  # it looks at none: our route does, and sets the headers
        max_http_buffer_size=LARGEST_MESSAGE,
        http_compression=False,
        ping_interval=PING_INTERVAL,
        ping_timeout=PING_TIMEOUT,
        engineio_logger=quiet,
        transports=None if app.config["WEB_CONCURRENCY"] == 1 else ["websocket"],
    )
    app.wsgi_app = wsgi_app  # type: ignore[method-assign]  # a route leads there instead
    app.register_blueprint(blp)
    socketio.on_namespace(TaskNamespace(hub))
    speak_our_errors(socketio.server.eio)
    _bound(socketio.server)
    lifecycle.on_start(app, lambda: _start_reaper(socketio.server))


def _bound(server: Any) -> None:
    """Make engine.io use our sockets, and answer what Socket.IO cannot read."""
    engine = server.eio
    engine._async["websocket"] = EngineWebSocket

    def connect(eio_sid: str, environ: dict[str, Any]) -> Any:
        engine.sockets[eio_sid].__class__ = EngineSocket  # its class is no parameter
        engine.sockets[eio_sid].prepare()
        return server._handle_eio_connect(eio_sid, environ)

    def receive(eio_sid: str, data: Any) -> None:
        try:
            server._handle_eio_message(eio_sid, data)
        except Exception:  # whatever its parser makes of a frame that is none
            if connection := engine.sockets.get(eio_sid):
                connection.refuse()

    engine.on("connect", connect)
    engine.on("message", receive)


def _start_reaper(server: Any) -> None:
    threading.Thread(target=_reap_forever, args=(server,), name="reaper", daemon=True).start()


def _reap_forever(server: Any) -> None:
    while True:
        pause(1)
        reap(server)


def reap(server: Any) -> None:
    """Drop the connections that have been in no namespace for too long."""
    now = clock.monotonic()
    for sid, connection in tuple(server.eio.sockets.items()):
        if server.manager.sid_from_eio_sid(sid, NAMESPACE):
            connection.seen = now
        elif now - getattr(connection, "seen", now) > JOINING:
            connection.close(wait=False)
            connection.abort()
