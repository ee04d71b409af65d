"""engine.io, by our Wire and in our bounds: the same for Socket.IO as for the plain WebSocket."""

from collections.abc import Callable, Iterable
from typing import Any

from engineio.exceptions import ContentTooLongError, QueueEmpty
from engineio.packet import Packet
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
        self._budget = Budget()

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
        return [packet for packet in packets if packet is not None]

    def receive(self, pkt: Any) -> None:
        """Take in a packet, unless the client sends too many; a WebSocket counts by itself."""
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

    def __init__(self, handler: Callable[["EngineWebSocket"], Any], server: Any) -> None:
        self._handler = handler
        self._server = server
        self._socket: EngineSocket = handler.__self__  # type: ignore[attr-defined]
        self._wire: Wire

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Shake hands, then let engine.io talk."""
        try:
            self._wire = Wire(environ)
        except HandshakeError:
            self._socket.close(wait=False, abort=True)
            refusal = self._server._bad_request()
            start_response(refusal["status"], refusal["headers"])
            return [refusal["response"]]
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
