"""The open connections of this process, and until when each may stay as it is.

A silent or dripping client is cut by one watchdog for all connections: the libraries' own time
limits count single reads, which a byte now and then renews, and would cut idle streams too.
"""

import contextlib
import socket
from typing import Any

from taskmaster.core import clock
from taskmaster.core.concurrency import pause

HEAD_SECONDS = 10  # from the connection, or from a request's first byte, to its whole head
IDLE_SECONDS = 60  # between two requests
REQUEST_SECONDS = 120  # body, work and answer together; streams and hijackers are exempt


class Connection:
    """One client's socket, and the environ of the request that is being answered on it."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.environ: dict[str, Any] | None = None
        self.allow(HEAD_SECONDS)

    def allow(self, seconds: float) -> None:
        """Cut the connection unless something else is allowed within so many seconds."""
        self.deadline = clock.monotonic() + seconds

    def begin(self, environ: dict[str, Any]) -> None:
        """Note that a request is being answered."""
        self.environ = environ
        self.allow(REQUEST_SECONDS)

    def end(self) -> None:
        """Note that the next request is waited for."""
        self.environ = None
        self.allow(IDLE_SECONDS)

    def cut(self) -> None:
        """Wake whoever reads or writes, with an error or the end of the stream."""
        # Not close(): the descriptor's number could be another connection's by then.
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)

    def is_overdue(self, now: float) -> bool:
        hijacked = self.environ is not None and self.environ.get("taskmaster.hijacked")
        return self.deadline < now and not hijacked


class Connections:
    """The registry of this process."""

    def __init__(self) -> None:
        self._open: set[Connection] = set()

    def __len__(self) -> int:
        return len(self._open)

    def add(self, sock: socket.socket) -> Connection:
        connection = Connection(sock)
        self._open.add(connection)
        return connection

    def remove(self, connection: Connection) -> None:
        self._open.discard(connection)

    def watch(self) -> None:
        """Cut what is overdue, each second, as long as the process lives."""
        while True:
            pause(1)
            now = clock.monotonic()
            for connection in list(self._open):
                if connection.is_overdue(now):
                    connection.cut()

    def cut(self, idle_only: bool = False) -> None:
        """Cut all, or only those that wait for a request."""
        for connection in list(self._open):
            if connection.environ is None or not idle_only:
                connection.cut()
