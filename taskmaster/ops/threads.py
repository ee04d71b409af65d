"""gunicorn's worker for threads, which waits in them for clients to hang up.

gunicorn.conf.py runs this file before the fork, with ASYNC_MODE=threading only. As of gunicorn's
version 27.0.1; see tests/serving.
"""

from contextlib import suppress
from select import POLLIN, poll
from typing import Any

from gunicorn import util
from gunicorn.workers import gthread


class Connection(gthread.TConn):
    """Waits for a request without a descriptor of its own."""

    def wait_for_data(self, timeout: float) -> bool:
        """Wait so many seconds. Return whether there is something to read."""
        waiting = poll()
        waiting.register(self.sock, POLLIN)
        self.data_ready = bool(waiting.poll(timeout * 1000))
        return self.data_ready


class ThreadWorker(gthread.ThreadWorker):
    """Ends connections in the threads that served them, and outlives a lack of descriptors."""

    def accept(self, listener: Any) -> None:
        """Accept a connection. gunicorn's own way ends the process where that fails."""
        from taskmaster.core.concurrency import pause
        from taskmaster.core.outages import ACCEPTING

        try:
            super().accept(listener)
            ACCEPTING.succeeded()
        except OSError as error:  # out of descriptors, say
            ACCEPTING.failed(error)
            pause(0.05)

    def handle(self, conn: Any) -> Any:
        """Serve a request. Return whether the connection stays open.

        The main thread, which accepts for all, would wait 2 s for a client that does not hang up.
        """
        kept = super().handle(conn)
        if not kept:
            with suppress(OSError):
                util.close_graceful(conn.sock.dup())
            # What the main thread calls.
            conn.close = lambda graceful=False, sock=conn.sock: util.close(sock)
        return kept


gthread.TConn = Connection
