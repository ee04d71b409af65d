"""The Socket.IO server of one application: its options and its housekeeping."""

import logging
import threading
from typing import Any

import orjson
from flask import Flask
from flask_socketio import SocketIO
from socketio import Manager
from socketio.packet import BINARY_ACK, BINARY_EVENT, EVENT, Packet

from ...core import lifecycle
from ...core.concurrency import pause
from ..hub import Hub
from ..websocket.connection import MAX_MESSAGE
from .adapter import (
    PING_INTERVAL,
    PING_TIMEOUT,
    Outlet,
    adapt,
)
from .namespace import UNKNOWN_EVENT, OtherNamespaces, TaskNamespace

quiet = logging.getLogger("taskmaster.engineio")  # it would log what any client can send
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

    def connect(self, sid: str, namespace: str) -> Any:
        """Let a client in whose CONNECT packet is sent: from here on it may be sent events."""
        found = super().connect(sid, namespace)
        self.server.namespace_handlers[namespace].connected(sid)
        return found

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


class Json:
    """orjson, which takes the JSON of an event as it is (`orjson.Fragment`)."""

    @staticmethod
    def dumps(value: Any, **_: Any) -> str:
        """Write compact JSON."""
        return orjson.dumps(value).decode()

    loads = staticmethod(orjson.loads)


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


def make_server(app: Flask, hub: Hub) -> None:
    """Give an application its Socket.IO server, with the namespace."""
    wsgi_app = app.wsgi_app
    socketio = SocketIO(
        app,
        async_mode=app.config["ASYNC_MODE"],
        client_manager=LockedManager(),  # another application's would be taken over
        manage_session=False,
        serializer=ClientPacket,
        json=Json,
        namespaces="*",  # OtherNamespaces refuses all but ours, in words
        cors_allowed_origins=[],  # it checks no origin: our route does, and sets the headers
        max_http_buffer_size=MAX_MESSAGE,
        http_compression=False,
        ping_interval=PING_INTERVAL,
        ping_timeout=PING_TIMEOUT,
        engineio_logger=quiet,
        transports=None if app.config["WEB_CONCURRENCY"] == 1 else ["websocket"],
    )
    app.wsgi_app = wsgi_app  # type: ignore[method-assign]  # a route leads there instead
    outlet = Outlet(socketio.server)
    socketio.on_namespace(TaskNamespace(hub, outlet))
    socketio.server.register_namespace(OtherNamespaces("*"))
    adapt(socketio.server.eio)
    lifecycle.on_start(app, lambda: _start_reaper(outlet))


def _start_reaper(outlet: Outlet) -> None:
    threading.Thread(target=_reap_forever, args=(outlet,), name="reaper", daemon=True).start()


def _reap_forever(outlet: Outlet) -> None:
    while True:
        pause(1)
        outlet.reap()
