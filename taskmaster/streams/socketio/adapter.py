"""Every private name of python-socketio 5.18 and engine.io 4.15 that is used, and why.

Their parameters do not reach the bounds that the contract asks for. Each name stands here, and
tests/streams/test_adapter.py fails when one of them goes.
"""

import threading
from typing import Any, Protocol

import orjson
from engineio import Server
from engineio.exceptions import ContentTooLongError, QueueEmpty
from engineio.packet import CLOSE, MESSAGE, Packet
from engineio.payload import Payload
from engineio.socket import Socket

from ...core import clock
from ..protocol import CloseReason, Message
from ..token_bucket import MAX_FRAMES, TokenBucket
from ..websocket.connection import WebSocketConnection
from .link import open_websocket

NAMESPACE = "/ws/tasks"
PING_INTERVAL = 25  # seconds
PING_TIMEOUT = 20
MAX_PACKETS = 16  # at once: Python's client takes no more from one poll
Payload.max_decode_packets = int(MAX_FRAMES)  # in one post: more are a flood
MAX_JOINING = 10  # seconds for a connection to join the namespace, or to fetch the goodbye


class Listener(Protocol):
    """What a connection of engine.io tells to whoever uses it."""

    def progress(self) -> None:
        """The client has read what was sent."""

    def close(self, reason: CloseReason) -> None:
        """The client broke a rule: say goodbye and end."""

    def refuse(self) -> None:
        """The client sent what is not understood."""


class EngineSocket(Socket):
    """One engine.io connection, over whatever transport, in our bounds."""

    def prepare(self) -> None:
        """Begin to count. It stands for `__init__`, since engine.io makes its own class."""
        self.last_joined = clock.monotonic()  # when it was last in a namespace, or opened
        self.listener: Listener | None = None
        self.websocket: WebSocketConnection | None = None
        self.drained = threading.Event()  # set while nothing waits to be read
        self.over = threading.Event()
        self.leaving = False  # True: only the goodbye is left to fetch, no message is read
        self._bucket = TokenBucket()

    def leave(self) -> None:
        """Close once all has gone out. Over polling that is when the client has fetched it.

        engine.io would forget what waits, and a client between two polls would not hear the
        goodbye. `Outlet.reap` closes the connection of a client that does not poll any more.
        """
        if self.upgraded:
            self.close(wait=False)
        else:
            self.leaving = True
            self.queue.put(Packet(CLOSE))

    def abort(self) -> None:
        """End it at once, which frees a blocked write."""
        if self.websocket:
            self.websocket.abort()
        else:
            self.close(wait=False, abort=True)

    def end(self, reason: CloseReason) -> None:
        """Let whoever uses it say goodbye; end it at once where nobody does."""
        if self.listener:
            self.listener.close(reason)
        else:
            self.close(wait=False, abort=True)

    def refuse(self) -> None:
        """Answer what is not understood."""
        if self.listener:
            self.listener.refuse()

    def send(self, pkt: Any) -> None:
        """Queue a packet."""
        self.drained.clear()
        super().send(pkt)

    def poll(self) -> list[Any]:
        """Return what waits to be sent, an empty list at the end; raise QueueEmpty."""
        if self.listener:
            self.listener.progress()  # who asks for more has taken what was there
        if not self.queue.qsize():
            self.drained.set()
        packets = self._take(timeout=PING_INTERVAL + PING_TIMEOUT)
        if not packets:
            raise QueueEmpty
        while packets[-1] is not None and len(packets) < MAX_PACKETS:
            if not (more := self._take(block=False)):
                break
            packets += more
        if packets[-1] is None and len(packets) > 1:
            self.queue.put(packets.pop())
        packets = [packet for packet in packets if packet is not None]
        if any(packet.packet_type == CLOSE for packet in packets):
            self.close(abort=True)
        return packets

    def receive(self, pkt: Any) -> None:
        """Take in a packet, unless the client sends too many; a WebSocket counts by itself."""
        if self.leaving and pkt.packet_type == MESSAGE:
            return
        size = len(pkt.data) if isinstance(pkt.data, str | bytes) else 0
        if self.upgraded or self._bucket.consume(frames=1, size=size):
            super().receive(pkt)
        elif not self.closed:
            self.end(CloseReason.FLOOD)

    def handle_post_request(self, environ: dict[str, Any]) -> None:
        """Take in what a polling client posts, or answer that it is not understood."""
        try:
            super().handle_post_request(environ)
        except ContentTooLongError:
            self.end(CloseReason.MESSAGE_TOO_LARGE)
        except (ValueError, IndexError, RecursionError) as error:
            if "Too many packets" in str(error) or not self._bucket.consume(frames=1):
                self.end(CloseReason.FLOOD)
            else:
                self.refuse()

    def close(self, wait: bool = True, abort: bool = False, reason: Any = None) -> None:
        """Close, but never wait until the client has read all: it may not read."""
        super().close(wait=False, abort=abort, reason=reason)
        if self.closed:  # who still posts to it gets 400; engine.io would raise
            self.server.sockets.pop(self.sid, None)
            self.drained.set()
            self.over.set()

    def _take(self, **how: Any) -> list[Any]:
        try:
            packet = self.queue.get(**how)
        except self.server.get_queue_empty_exception():
            return []
        self.queue.task_done()
        return [packet]


class NoSocket:
    """Stands for the connection that Flask-SocketIO's test client does not have."""

    listener: Listener | None = None
    closing = closed = False

    def __init__(self) -> None:
        self.drained = threading.Event()
        self.drained.set()

    def abort(self) -> None:
        """Do nothing."""

    leave = abort


class Outlet:
    """What the namespace and its rooms need of python-socketio's server."""

    def __init__(self, server: Any) -> None:
        self._server = server

    def emit(self, message: Message, to: str) -> None:
        """Send a message to a connection or a room. It only queues."""
        body = orjson.Fragment(message.payload)
        self._server.emit(message.name, body, to=to, namespace=NAMESPACE)

    def enter_room(self, sid: str, room: str) -> None:
        """Let a connection have what is emitted to a room. Raise KeyError if it has gone."""
        try:
            self._server.enter_room(sid, room, namespace=NAMESPACE)
        except ValueError:
            raise KeyError(sid) from None

    def disconnect(self, sid: str) -> None:
        """Tell a client that it is disconnected, and that it shall stay away."""
        self._server.disconnect(sid, namespace=NAMESPACE)

    def engine_of(self, sid: str) -> EngineSocket | NoSocket:
        """Return the transport of a connection."""
        engine_sid = self._server.manager.eio_sid_from_sid(sid, NAMESPACE)
        return self._server.eio.sockets.get(engine_sid) or NoSocket()

    def reap(self) -> None:
        """Drop the connections that have been in no namespace, or leaving it, for too long."""
        now = clock.monotonic()
        for sid, connection in tuple(self._server.eio.sockets.items()):
            if self._server.manager.sid_from_eio_sid(sid, NAMESPACE) and not connection.leaving:
                connection.last_joined = now
            elif now - getattr(connection, "last_joined", now) > MAX_JOINING:
                connection.close(wait=False)
                connection.abort()


def adapt(engine: Server) -> None:
    """Make engine.io use our sockets, and answer what Socket.IO cannot read."""
    engine._async["websocket"] = open_websocket
    connected, received = engine.handlers["connect"], engine.handlers["message"]

    def connect(sid: str, environ: dict[str, Any]) -> Any:
        engine.sockets[sid].__class__ = EngineSocket  # its class is no parameter
        engine.sockets[sid].prepare()
        return connected(sid, environ)

    def receive(sid: str, data: Any) -> None:
        try:
            received(sid, data)
        except Exception:  # whatever its parser makes of a frame that is none
            if connection := engine.sockets.get(sid):
                connection.refuse()

    engine.on("connect", connect)
    engine.on("message", receive)
