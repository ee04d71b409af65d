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
from .engine import PING_INTERVAL, PING_TIMEOUT, adapt
from .hub import Hub
from .namespace import NAMESPACE, UNKNOWN_EVENT, OtherNamespaces, TaskNamespace
from .socketio_views import blp
from .wire import LARGEST_MESSAGE

JOINING = 10  # seconds for a connection to join the namespace, or to fetch the goodbye
quiet = logging.getLogger("taskmaster.engineio")  # would log what any client can send
quiet.disabled = True


class LockedManager(Manager):
    """python-socketio's rooms, which it looks at first and changes then, for real threads."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.RLock()

    def pre_connect(self, eio_sid: str, namespace: str) -> str:
        """Begin to let a connection in. Raise ValueError where it is in already."""
        with self._lock:
            sid: str | None = super().pre_connect(eio_sid, namespace)
        if sid is None:  # python-socketio would answer like a refusal, and the client leave
            raise ValueError("joined already")
        return sid

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

    packet_type: int
    data: Any

    def decode(self, encoded_packet: str) -> int:
        """Read a packet; raise ValueError for what is not understood here.

        An event with attachments is not kept until they come: no event that is known has any.
        """
        super().decode(encoded_packet)
        if self.packet_type in (EVENT, BINARY_EVENT):
            if not isinstance(self.data, list):
                raise ValueError("no event")
            if self.packet_type == BINARY_EVENT or self.data[0] != "authenticate":
                self.packet_type, self.data = EVENT, [UNKNOWN_EVENT]
        if self.packet_type == BINARY_ACK:
            raise ValueError("binary")
        return 0


def init_app(app: Flask, hub: Hub) -> None:
    """Serve the namespace."""
    wsgi_app = app.wsgi_app
    socketio = SocketIO(
        app,
        async_mode=app.config["ASYNC_MODE"],
        client_manager=LockedManager(),  # its own: another application's would be taken over
        manage_session=False,
        serializer=ClientPacket,
        namespaces="*",  # OtherNamespaces refuses all but ours, in words
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
    socketio.server.register_namespace(OtherNamespaces("*"))
    adapt(socketio.server.eio)
    lifecycle.on_start(app, lambda: _start_reaper(socketio.server))


def _start_reaper(server: Any) -> None:
    threading.Thread(target=_reap_forever, args=(server,), name="reaper", daemon=True).start()


def _reap_forever(server: Any) -> None:
    while True:
        pause(1)
        reap(server)


def reap(server: Any) -> None:
    """Drop the connections that have been in no namespace, or leaving it, for too long."""
    now = clock.monotonic()
    for sid, connection in tuple(server.eio.sockets.items()):
        if server.manager.sid_from_eio_sid(sid, NAMESPACE) and not connection.leaving:
            connection.seen = now
        elif now - getattr(connection, "seen", now) > JOINING:
            connection.close(wait=False)
            connection.abort()
