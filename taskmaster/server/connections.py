"""The open connections of this process, and until when each may stay as it is.

A silent or dripping client is cut by one watchdog that counts seconds for all connections: a
timer per connection would cost every request, a socket timeout would also cut idle streams.
"""

import contextlib
import socket

from werkzeug.http import http_date

from taskmaster.core.concurrency import pause

HEAD_SECONDS = 10  # from the connection, or from a request's first byte, to its whole head
IDLE_SECONDS = 60  # between two requests
BODY_SECONDS = 60  # a whole body, at most 1 MiB here
WRITE_SECONDS = 300  # one write to a client that does not read
LINGER_SECONDS = 2  # a client that still sends what nobody will read

_NEVER = float("inf")


class Connection:
    """One client's socket. `idle`: no request is being answered on it."""

    __slots__ = ("_home", "_served", "address", "deadline", "idle", "sock")

    def __init__(self, sock: socket.socket, address: tuple[str, int], home: "Connections") -> None:
        self.sock = sock
        self.address = address
        self._home = home
        self._served = False
        self.idle = True
        self.allow(HEAD_SECONDS)

    def body_deadline(self) -> float:
        """Return until when a body that begins now must be there."""
        return self._home.seconds + BODY_SECONDS

    def allow(self, seconds: float) -> None:
        """Cut the connection unless something else is allowed within so many seconds."""
        self.deadline = self._home.seconds + seconds

    def begin_head(self) -> None:
        """Note the first byte of a request; a new connection's time has run since it was made."""
        if self._served:
            self.allow(HEAD_SECONDS)

    def begin_request(self) -> None:
        self.idle = False
        self.allow_forever()

    def end_request(self) -> None:
        self._served = True
        self.idle = True
        self.allow(IDLE_SECONDS)

    def may_serve_on(self) -> bool:
        return not self._home.stopping

    @property
    def date(self) -> str:
        """The time as HTTP writes it, of this second."""
        return self._home.date

    def allow_forever(self) -> None:
        self.deadline = _NEVER

    def cut(self) -> None:
        """Wake whoever reads or writes, with an error or the end of the stream."""
        # Not close(): the descriptor's number could be another connection's by then.
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)

    def linger(self) -> None:
        """Let the client read our last words: unread bytes of its own would reset it all."""
        self.allow(LINGER_SECONDS)
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_WR)
            while self.sock.recv(65536):
                pass


class Connections:
    """The registry of this process."""

    def __init__(self) -> None:
        self._open: set[Connection] = set()
        self.seconds = 0
        self.date = http_date()
        self.stopping = False

    def __len__(self) -> int:
        return len(self._open)

    def add(self, sock: socket.socket, address: tuple[str, int]) -> Connection:
        connection = Connection(sock, address, self)
        self._open.add(connection)
        return connection

    def remove(self, connection: Connection) -> None:
        self._open.discard(connection)
        connection.sock.close()

    def watch(self) -> None:
        """Cut what is overdue, each second, as long as the process lives."""
        while True:
            pause(1)
            self.seconds += 1
            self.date = http_date()
            for connection in list(self._open):
                if connection.deadline < self.seconds:
                    connection.cut()

    def cut_idle(self) -> None:
        """Answer no further request: cut all that wait for one."""
        self.stopping = True
        for connection in list(self._open):
            if connection.idle:
                connection.cut()

    def cut_all(self) -> None:
        for connection in list(self._open):
            connection.cut()
