"""Every private name of python-socketio 5.18 and engine.io 4.15 that is used, and why.

Their parameters do not reach the bounds in docs/limits.md. Each name stands here, and
tests/streams/test_adapter.py fails when one of them goes.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Any
from wsgiref.types import WSGIApplication

from engineio import Server
from engineio.exceptions import ContentTooLongError, QueueEmpty, SocketIsClosedError
from engineio.packet import CLOSE, MESSAGE, PONG, UPGRADE, Packet
from engineio.payload import Payload
from engineio.socket import Socket

from ...core import clock
from ...core.concurrency import pause
from ..protocol import NOT_UNDERSTOOD, CloseReason
from ..subscription import MAX_CLOSING, Subscription
from ..takeover import Connection
from ..token_bucket import MAX_FRAMES, TokenBucket
from ..websocket.connection import WebSocketConnection, websocket_application

NAMESPACE = "/ws/tasks"
MAX_PACKETS = 16  # at once: Python's client takes no more from one poll
Payload.max_decode_packets = int(MAX_FRAMES)  # in one post: more are a flood
MAX_JOINING = 10  # seconds for a connection to join the namespace, or to fetch what came last
REFUSAL = Packet(MESSAGE, f'2{NAMESPACE},["{NOT_UNDERSTOOD.name}",{NOT_UNDERSTOOD.payload}]')
UNREADABLE = (ValueError, IndexError, RecursionError)  # what engine.io's parsers raise


class EngineSocket(Socket, Connection):
    """One engine.io connection, over whatever transport, in our bounds: a stream's connection."""

    websocket: WebSocketConnection | None = None
    polling = False  # True while a poll waits
    leaving = False  # True: only what was sent last is left to fetch, no message is read

    def prepare(self) -> None:
        """Start counting. It replaces `__init__`, because engine.io creates the object."""
        self._bucket = TokenBucket()
        self.serve(None)

    def serve(self, subscription: Subscription | None) -> None:
        """Be the connection of a stream. Without one, the client has some seconds to join."""
        self.subscription = subscription
        self.deadline = None if subscription else clock.monotonic() + MAX_JOINING

    def leave(self) -> None:
        """Close once all has gone out. Over polling that is when the client has fetched it.

        engine.io would forget what waits for the next poll; `reap` drops who polls no more.
        """
        if self.upgraded:
            self.close()
            deadline = clock.monotonic() + MAX_CLOSING
            while self.websocket and clock.monotonic() < deadline:
                pause(0.02)
            self.abort()  # in case the client has not read it
        else:
            self.leaving = True
            self.serve(None)
            self.queue.put(Packet(CLOSE))

    def abort(self) -> None:
        """End it at once, which frees a blocked write."""
        self.close(abort=True)
        if websocket := self.websocket:  # another thread may take it away
            websocket.abort()

    def end(self, reason: CloseReason) -> None:
        """Close the stream with a reason; without a stream, just end the connection."""
        if self.subscription:
            self.subscription.close(reason)
        else:
            self.close(abort=True)

    def refuse(self) -> None:
        """Answer what is not understood."""
        if not self.leaving:
            self.send(REFUSAL)

    def send(self, pkt: Any) -> None:
        """Queue a packet. One for a connection that has just been closed is dropped."""
        self.has_backlog = True
        size = _size(pkt)
        self.queued += size  # by itself: a call in between could let another thread change it
        with suppress(SocketIsClosedError):
            super().send(pkt)

    def poll(self) -> list[Any]:
        """Return what waits, [] at the end. Raise QueueEmpty, or KeyError for a second poll."""
        if self.polling and not self.upgraded:  # the other may be given up, and takes what comes
            self.close()
            self.server.sockets.pop(self.sid, None)  # another thread may be amid its close
            raise KeyError(self.sid)  # as for every session that is over
        self.polling = True  # with no call since it was asked: two threads cannot both pass
        packets, silence = list[Any](), self.server.ping_interval + self.server.ping_timeout
        try:
            self.has_backlog = self.queue.qsize() > 0  # a new poll: the last reply was read
            if self.subscription:
                self.subscription.progress()
            while len(packets) < MAX_PACKETS:
                packet = self.queue.get(not packets, silence)
                if packet is None:  # the end: after what stands before it
                    self.queue.put(None)
                    break
                packets.append(packet)
                size = _size(packet)
                self.queued -= size
        except self.server.get_queue_empty_exception():
            if not packets:
                raise QueueEmpty from None
        finally:
            self.polling = False
        if any(packet.packet_type == CLOSE for packet in packets):
            self.close(abort=True)
        return packets

    def receive(self, pkt: Any) -> None:
        """Take in a packet, unless the client sends too many; a WebSocket counts by itself."""
        # After a CLOSE in the same post, a CONNECT would make a member for good.
        if self.closing or self.closed or (self.leaving and pkt.packet_type == MESSAGE):
            return
        if not (self.upgraded or self._bucket.consume(frames=1)):
            self.end(CloseReason.FLOOD)
        elif pkt.packet_type in (CLOSE, MESSAGE, PONG, UPGRADE):
            super().receive(pkt)
        else:  # engine.io would end the connection over it, or pass over it
            self.refuse()

    def handle_post_request(self, environ: dict[str, Any]) -> None:
        """Take in what a polling client posts, or answer that it is not understood."""
        try:
            self._bucket.consume(size=int(environ.get("CONTENT_LENGTH", 0)))
            super().handle_post_request(environ)
        except ContentTooLongError:
            self.end(CloseReason.MESSAGE_TOO_LARGE)
        except UNREADABLE as error:
            if "Too many packets" in str(error) or not self._bucket.consume(frames=1):
                self.end(CloseReason.FLOOD)
            else:
                self.refuse()

    def close(self, wait: bool = False, abort: bool = False, reason: Any = None) -> None:
        """Close, but never wait until the client has read all: it may not read."""
        super().close(wait=False, abort=abort, reason=reason)
        if (websocket := self.websocket) and not self.upgraded:  # its upgrade is not finished
            websocket.abort()
        if self.closed:  # who still posts to it gets 400; engine.io would raise
            self.server.sockets.pop(self.sid, None)


def _size(packet: Any) -> int:
    return len(packet.data) if isinstance(packet.data, str | bytes) else 0


class EngineLink:
    """The WebSocket of an engine.io connection, as engine.io expects it of its driver."""

    def __init__(self, websocket: WebSocketConnection, engine: EngineSocket) -> None:
        self._websocket, self._engine = websocket, engine
        engine.websocket = websocket  # for who has to end it at once
        websocket.set_deadline(MAX_JOINING)  # for the upgrade from polling, if it is one
        self.send, self.close = websocket.send, websocket.close

    def wait(self) -> str | bytes | None:
        """Return the next valid message; an invalid one would end engine.io's loop."""
        if self._engine.upgraded:
            self._websocket.set_deadline(None)
        for message in self._websocket.messages:
            with suppress(*UNREADABLE):
                Packet(encoded_packet=message)
                return message
            self._engine.refuse()
        if self._websocket.fault:
            self._engine.end(self._websocket.fault)
            self._websocket.linger()
        return None


def open_websocket(handler: Callable[[EngineLink], Any], _server: Server) -> WSGIApplication:
    """Return an application that shakes hands and lets engine.io talk: its driver."""
    engine: EngineSocket = handler.__self__  # type: ignore[attr-defined]

    def converse(websocket: WebSocketConnection) -> None:
        if engine.websocket is None:  # one connection has one
            try:
                handler(EngineLink(websocket, engine))
            finally:  # a failed upgrade leaves the polling, which engine.io would hold back
                engine.upgrading, engine.websocket = False, None

    return websocket_application(converse)


def engine_of(server: Any, sid: str) -> EngineSocket:
    """Return the connection below a client."""
    engine: EngineSocket = server.eio.sockets[server.manager.eio_sid_from_sid(sid, NAMESPACE)]
    return engine


def reap(server: Any, now: float | None = None) -> None:
    """Drop the connections that have not joined, or not fetched what came last, in time."""
    now = now or clock.monotonic()
    for connection in tuple(server.eio.sockets.values()):
        if (getattr(connection, "deadline", None) or now) < now:
            connection.close()  # which says so to a client that reads
            connection.abort()


def adapt(server: Any) -> None:
    """Make engine.io use our sockets, and answer what Socket.IO cannot read."""
    engine, manager = server.eio, server.manager
    engine._async["websocket"] = open_websocket
    connected, received = engine.handlers["connect"], engine.handlers["message"]

    def connect(sid: str, environ: dict[str, Any]) -> Any:
        engine.sockets[sid].__class__ = EngineSocket  # its class is no parameter
        engine.sockets[sid].prepare()
        return connected(sid, environ)

    def receive(sid: str, data: Any) -> None:
        if (connection := engine.sockets.get(sid)) is None:
            return  # it has gone meanwhile
        try:
            may = connection.subscription or data[:1] == "0"  # it has joined, or asks to
            received(sid, data if may else "not joined")  # no packet, so it is refused
        except Exception:  # its parser may raise anything for an invalid frame
            connection.refuse()
        if connection.closing:  # its end passed over whoever was being let in
            for namespace in tuple(manager.get_namespaces()):
                member = manager.sid_from_eio_sid(sid, namespace)
                if manager.is_pre_connected(member, namespace):
                    manager.disconnect(member, namespace)

    engine.on("connect", connect)
    engine.on("message", receive)
