"""A WebSocket (RFC 6455) on the raw socket, with bounds; the same in every async mode.

wsproto speaks the protocol. engine.io gets this class in place of its driver's own, so that
Socket.IO has the same bounds as the plain WebSocket: the size of a message is counted across
its fragments, what a client may send per second is limited, and nothing is compressed.
"""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Event,
    Message,
    Ping,
    Pong,
    Request,
    TextMessage,
)
from wsproto.utilities import LocalProtocolError, RemoteProtocolError

from ...core import clock
from ..protocol import CloseReason
from ..subscription import Connection
from ..takeover import cut, raw_socket
from ..token_bucket import TokenBucket

MAX_MESSAGE = 64 * 1024  # bytes
CHUNK = 4096  # bytes read at once
SILENCE = 60  # seconds without a byte from the client, who is pinged meanwhile
MAX_LINGER, MAX_DRAINED = 1.0, 1024 * 1024  # seconds and bytes to read after the goodbye
Environ = dict[str, Any]


class HandshakeError(Exception):
    """The request is no WebSocket handshake."""


class WebSocketConnection(Connection):
    """One WebSocket. `wait()` belongs to one thread; `send()` and `close()` to any."""

    def __init__(self, environ: Environ) -> None:
        """Read the handshake; raise HandshakeError if it is none, ApiError without a socket."""
        self.close_reason: CloseReason | None = None  # why this side ends it
        self._socket: socket.socket = raw_socket(environ)
        self._protocol = WSConnection(ConnectionType.SERVER)
        self._deadline: float | None = None
        self._pinged = clock.monotonic()
        self._lock = threading.Lock()
        self._bucket = TokenBucket()
        self._parts: list[Any] = []
        self._size = 0
        self._events: Iterator[Event] = iter(())
        try:
            self._protocol.initiate_upgrade_connection(_headers(environ), environ["PATH_INFO"])
            if not any(isinstance(event, Request) for event in self._protocol.events()):
                raise HandshakeError
        except (RemoteProtocolError, LocalProtocolError, UnicodeError):
            raise HandshakeError from None

    def serve(self, environ: Environ, converse: Callable[[], object]) -> None:
        """Take the connection over: answer the handshake, converse, and end it."""
        environ["taskmaster.taken_over"] = True
        try:
            self._socket.settimeout(SILENCE)
            self._write(AcceptConnection())
            converse()
        except OSError:
            pass  # the client is gone
        finally:
            self._finish()

    def set_deadline(self, seconds: float | None) -> None:
        """Stop reading after so many seconds, however much comes; None lifts it."""
        self._deadline = None if seconds is None else clock.monotonic() + seconds
        self._socket.settimeout(SILENCE)

    def wait(self) -> str | bytes | None:
        """Return the next message; None when the connection is over, or is to be closed."""
        while not self.close_reason:
            event = next(self._events, None)
            if isinstance(event, Message):
                self._collect(event)
                if event.message_finished:
                    return self._take()
            elif not (self._receive() if event is None else self._answer(event)):
                return None
        return None

    def send(self, message: str | bytes) -> None:
        """Send a message. Raise OSError if the connection is over."""
        kind = TextMessage if isinstance(message, str) else BytesMessage
        self._write(kind(data=message))  # type: ignore[arg-type]

    def ping(self, every: float) -> None:
        """Make the client show that it lives, unless it was asked so few seconds ago."""
        now = clock.monotonic()
        if now - self._pinged >= every:
            self._pinged = now
            self._write(Ping())

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Say goodbye, unless a write is blocked: then just end it."""
        if not self._lock.acquire(timeout=0.5):
            return self.abort()
        try:
            self._socket.sendall(self._protocol.send(CloseConnection(code, reason)))
        except (OSError, LocalProtocolError):
            pass
        finally:
            self._lock.release()
        return None if self.close_reason else self.abort()  # then the reader will finish it

    def _finish(self) -> None:
        """End it for good.

        What a client was still sending is taken in first, within bounds: closed over unread
        bytes, the system would reset the connection, and the client not see why.
        """
        if self.close_reason:
            deadline, left = clock.monotonic() + MAX_LINGER, MAX_DRAINED
            with contextlib.suppress(OSError):
                self._socket.settimeout(MAX_LINGER)
                while left > 0 and clock.monotonic() < deadline:
                    size = len(self._socket.recv(CHUNK))
                    left -= size or left
        self.abort()

    def abort(self) -> None:
        """End it at once, freeing whoever reads or writes."""
        cut(self._socket)

    def _receive(self) -> bool:
        """Read once; return whether the connection still stands."""
        try:
            if self._deadline is not None:
                left = self._deadline - clock.monotonic()
                if left <= 0:
                    return False
                self._socket.settimeout(left)
            data = self._socket.recv(CHUNK)
            if not data:
                return False
            self._protocol.receive_data(data)
        except (OSError, RemoteProtocolError, LocalProtocolError):
            return False
        self._events = self._protocol.events()
        if not self._bucket.consume(size=len(data)):
            self.close_reason = self.close_reason or CloseReason.FLOOD
        return True

    def _answer(self, event: Event) -> bool:
        """Answer a control frame; return whether the connection still stands."""
        if isinstance(event, Ping | Pong):
            self._count_frame()
        if isinstance(event, Ping | CloseConnection):
            self._write(event.response())
        return not isinstance(event, CloseConnection)

    def _collect(self, part: Message[Any]) -> None:
        self._parts.append(part.data)
        self._size += len(part.data)
        if self._size > MAX_MESSAGE:
            self.close_reason = CloseReason.MESSAGE_TOO_LARGE
        if part.frame_finished:
            self._count_frame()

    def _count_frame(self) -> None:
        if not self._bucket.consume(frames=1):
            self.close_reason = self.close_reason or CloseReason.FLOOD

    def _take(self) -> str | bytes | None:
        parts, self._parts, self._size = self._parts, [], 0
        return None if self.close_reason else type(parts[0])().join(parts)

    def _write(self, event: Event) -> None:
        with self._lock:
            try:
                self._socket.sendall(self._protocol.send(event))
            except LocalProtocolError as error:
                raise OSError("the connection is closing") from error


def _headers(environ: Environ) -> list[tuple[bytes, bytes]]:
    names = {name: name[5:].replace("_", "-") for name in environ if name.startswith("HTTP_")}
    return [(name.encode(), environ[key].encode("latin-1")) for key, name in names.items()]
