"""Runs engine.io over our own WebSocket class, so that Socket.IO has the plain WebSocket's bounds.

This is the adapter: what is no public interface of the libraries is used in this file only. It
was read at python-engineio 4.15.1; tests/streams/test_engine.py fails when a name goes.
"""

from collections.abc import Callable, Iterable
from typing import Any

from engineio import Server
from engineio.exceptions import ContentTooLongError, QueueEmpty
from engineio.packet import CLOSE, MESSAGE, Packet
from engineio.payload import Payload
from engineio.socket import Socket

from ..core import clock
from .budget import FRAMES, Budget
from .messages import Closing
from .waiting import wait_for
from .wire import HandshakeError, Wire

PING_INTERVAL = 25  # seconds
PING_TIMEOUT = 20
MOST_PACKETS = 16  # at once: Python's client takes no more from one poll
Payload.max_decode_packets = int(FRAMES)  # in one post: more are a flood
GOODBYE = 1.0  # seconds for what was said last to go out


class EngineSocket(Socket):
    """One engine.io connection, over whatever transport."""

    def prepare(self) -> None:
        """Begin to count; stands for `__init__`, since engine.io makes its own class."""
        self.seen = clock.monotonic()  # when it was last in a namespace, or opened
        self.abort: Callable[[], object] = lambda: self.close(wait=False, abort=True)
        self.end: Callable[[Closing], object] = lambda _: self.close(wait=False, abort=True)
        self.refuse: Callable[[], object] = lambda: None  # answers what is not understood
        self.leaving = False  # True: only the goodbye is left to fetch, no message is read
        self._budget = Budget()

    def leave(self) -> None:
        """Close once all has gone out. Over polling that is when the client has fetched it.

        engine.io would forget what waits, and a client that is between two polls not hear the
        goodbye. The reaper closes the connection of a client that does not poll any more.
        """
        if self.upgraded:
            self.close(wait=False)
        else:
            self.leaving = True
            self.queue.put(Packet(CLOSE))

    def poll(self) -> list[Any]:
        """Return what waits to be sent, an empty list at the end; raise QueueEmpty."""
        packets = self._take(timeout=PING_INTERVAL + PING_TIMEOUT)
        if not packets:
            raise QueueEmpty
        while packets[-1] is not None and len(packets) < MOST_PACKETS:
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
        octets = len(pkt.data) if isinstance(pkt.data, str | bytes) else 0
        if self.upgraded or self._budget.spend(frames=1, octets=octets):
            super().receive(pkt)
        elif not self.closed:
            self.end(Closing.FLOOD)

    def handle_post_request(self, environ: dict[str, Any]) -> None:
        """Take in what a polling client posts, or answer that it is not understood."""
        try:
            super().handle_post_request(environ)
        except ContentTooLongError:
            self.end(Closing.MESSAGE_TOO_LARGE)
        except (ValueError, IndexError, RecursionError) as error:
            if "Too many packets" in str(error) or not self._budget.spend(frames=1):
                self.end(Closing.FLOOD)
            else:
                self.refuse()

    def close(self, wait: bool = True, abort: bool = False, reason: Any = None) -> None:
        """Close, but never wait until the client has read all: it may not read."""
        super().close(wait=False, abort=abort, reason=reason)
        if self.closed:  # who still posts to it gets 400; engine.io would raise
            self.server.sockets.pop(self.sid, None)

    def _take(self, **how: Any) -> list[Any]:
        try:
            packet = self.queue.get(**how)
        except self.server.get_queue_empty_exception():
            return []
        self.queue.task_done()
        return [packet]


class EngineWebSocket:
    """What engine.io expects of its driver: `wait`, `send`, `close`, and to be a WSGI app."""

    def __init__(self, handler: Callable[["EngineWebSocket"], Any], _server: Any) -> None:
        self._handler = handler
        self._socket: EngineSocket = handler.__self__  # type: ignore[attr-defined]
        self._wire: Wire

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Shake hands, then let engine.io talk."""
        try:
            self._wire = Wire(environ)
        except HandshakeError:
            self._socket.close(wait=False, abort=True)
            start_response("400 Bad Request", [])
            return []
        self._socket.abort = self._wire.abort
        try:
            self._wire.serve(environ, lambda: self._handler(self))
        finally:
            self._socket.close(wait=False, abort=True)
        return []

    def wait(self) -> str | bytes | None:
        """Return the next message; None when the connection is over."""
        while (message := self._wire.wait()) is not None:
            if _is_packet(message):
                return message
            self._socket.refuse()
        if self._wire.closing:
            self._socket.end(self._wire.closing)
            wait_for(lambda: bool(self._socket.closed), GOODBYE)
        return None

    def send(self, message: str | bytes) -> None:
        """Send a message."""
        self._wire.send(message)

    def close(self) -> None:
        """Say goodbye."""
        if closing := self._wire.closing:
            return self._wire.close(closing.code, closing.value)
        return self._wire.close()


def _is_packet(message: str | bytes) -> bool:
    """Tell whether engine.io could read a message; its own loop would break off."""
    try:
        Packet(encoded_packet=message)
    except (ValueError, IndexError, RecursionError):
        return False
    return True


def adapt(engine: Server) -> None:
    """Make engine.io use our sockets, and answer what Socket.IO cannot read."""
    engine._async["websocket"] = EngineWebSocket
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
