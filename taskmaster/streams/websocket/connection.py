"""A WebSocket (RFC 6455) on the raw socket, with bounds; the same in every async mode.

wsproto speaks the protocol. engine.io gets this class in place of its driver's own, so that
Socket.IO has the same bounds as the plain WebSocket: the size of a message is counted across
its fragments, what a client may send per second is limited, and nothing is compressed.
"""

import re
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any
from wsgiref.types import WSGIApplication, WSGIEnvironment

from h11 import ProtocolError
from werkzeug.datastructures import EnvironHeaders
from wsproto import ConnectionType, WSConnection, events
from wsproto.utilities import LocalProtocolError, RemoteProtocolError

from ...core import clock
from ..protocol import CloseReason
from ..takeover import Connection, find_socket
from ..token_bucket import TokenBucket

MAX_MESSAGE = 64 * 1024  # bytes
CHUNK = 4096  # bytes read at once
SILENCE = 60  # seconds without a byte from the client, who is pinged meanwhile
MAX_LINGER, MAX_DRAINED = 1.0, 1024 * 1024  # seconds and bytes to read after a fault
OF_HANDSHAKE = re.compile("(Host|Upgrade|Connection|Sec-Websocket-.*)\\Z", re.IGNORECASE)
OVER = (OSError, EOFError, RemoteProtocolError, LocalProtocolError)


class WebSocketConnection(Connection):
    """One WebSocket. `messages` belongs to one thread; `send()` and `close()` to any."""

    _socket: socket.socket

    def __init__(self, raw: socket.socket) -> None:
        super().__init__(raw)
        self.fault: CloseReason | None = None  # what the client did wrong
        self._protocol = WSConnection(ConnectionType.SERVER)
        self._deadline: float | None = None
        self._pinged = clock.monotonic()
        self._lock = threading.Lock()
        self._bucket = TokenBucket()
        self.messages = self._messages()  # one for all readers: it may hold the next already

    def accept(self, environ: WSGIEnvironment) -> bool:
        """Answer the handshake; return False for a request that is none."""
        version = "HTTP/1.1" if "eventlet.posthooks" in environ else environ["SERVER_PROTOCOL"]
        if (environ["REQUEST_METHOD"], version) != ("GET", "HTTP/1.1"):  # RFC 6455, 4.2.1
            return False  # eventlet's own server calls every version 1.0
        sent = [pair for pair in EnvironHeaders(environ) if OF_HANDSHAKE.match(pair[0])]
        try:
            headers = [(name.encode(), value.encode("latin-1")) for name, value in sent]
            self._protocol.initiate_upgrade_connection(headers, environ["PATH_INFO"])
            self._write(events.AcceptConnection())
        except (RemoteProtocolError, ProtocolError, UnicodeError, OSError):
            return False
        self.set_deadline(None)
        return True

    def set_deadline(self, seconds: float | None) -> None:
        """Stop reading after so many seconds, however much comes; None lifts it."""
        self._deadline = None if seconds is None else clock.monotonic() + seconds
        self._socket.settimeout(SILENCE)

    def _messages(self) -> Iterator[str | bytes]:
        """Yield what the client says until the connection is over or the client breaks a rule."""
        message: Any = None
        size = 0  # in bytes, also of a text
        with suppress(*OVER):
            while True:
                for event in self._receive():
                    if not isinstance(event, events.Message):
                        self._answer(event)
                        continue
                    message = event.data if message is None else message + event.data
                    size += len(event.data.encode() if isinstance(event.data, str) else event.data)
                    self._count(event.frame_finished, 0, size)
                    if event.message_finished:
                        yield message
                        message, size = None, 0

    def linger(self) -> None:
        """Read on after a fault: unread bytes would reset the connection and lose the reason."""
        deadline, left = clock.monotonic() + MAX_LINGER, MAX_DRAINED
        with suppress(OSError):
            self._socket.settimeout(MAX_LINGER)
            while self.fault and left > 0 and clock.monotonic() < deadline:
                left -= len(self._socket.recv(CHUNK)) or left

    def send(self, message: str | bytes) -> None:
        """Send a message. Raise OSError if the connection is over."""
        self._write(events.Message(data=message))  # type: ignore[type-var]

    def ping(self, every: float) -> None:
        """Ping the client, unless it was pinged within the last `every` seconds."""
        now = clock.monotonic()
        if now - self._pinged >= every:
            self._pinged = now
            self._write(events.Ping())

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Send a close frame, which names the fault if there is one, and end the connection."""
        if self.fault:
            code, reason = self.fault.code, self.fault.value
        with suppress(OSError):
            self._write(events.CloseConnection(code, reason), patience=0.5)
        if not self.fault:  # or the reader lingers
            self.abort()

    def _receive(self) -> Iterator[events.Event]:
        """Read once. Raise an error if the connection is over."""
        if self._deadline is not None:
            left = self._deadline - clock.monotonic()
            if left <= 0:
                raise TimeoutError
            self._socket.settimeout(left)
        if not (data := self._socket.recv(CHUNK)):
            raise EOFError
        self._protocol.receive_data(data)
        self._count(0, len(data))
        return self._protocol.events()

    def _answer(self, event: events.Event) -> None:
        """Answer a control frame. Raise EOFError when the client closes the connection."""
        self._count(1)
        if isinstance(event, events.Ping | events.CloseConnection):
            self._write(event.response())
        if isinstance(event, events.CloseConnection):
            raise EOFError

    def _count(self, frames: int, size: int = 0, message_size: int = 0) -> None:
        """Count what came. Raise EOFError when it is too much."""
        if not self._bucket.consume(frames, size):
            self.fault = CloseReason.FLOOD
        elif message_size > MAX_MESSAGE:
            self.fault = CloseReason.MESSAGE_TOO_LARGE
        if self.fault:
            raise EOFError

    def _write(self, event: events.Event, patience: float = -1) -> None:
        if not self._lock.acquire(timeout=patience):
            raise TimeoutError("another write is blocked")
        try:
            self._socket.sendall(self._protocol.send(event))
        except LocalProtocolError as error:
            raise OSError("the connection is closing") from error
        finally:
            self._lock.release()


def websocket_application(converse: Callable[[WebSocketConnection], object]) -> WSGIApplication:
    """Return an application for `Upgrade`, which has looked for the socket; it may answer 400."""

    def application(environ: WSGIEnvironment, start_response: Any) -> Iterable[bytes]:
        connection = WebSocketConnection(find_socket(environ))  # type: ignore[arg-type]
        if not connection.accept(environ):
            start_response("400 Bad Request", [])
            return []
        try:
            with suppress(OSError):  # the client is gone
                converse(connection)
        finally:
            connection.abort()
        return []

    return application
