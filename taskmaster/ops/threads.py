"""gunicorn's worker for threads, which waits in them for clients to hang up.

gunicorn.conf.py runs this file before the fork, with ASYNC_MODE=threading only. As of gunicorn's
version 27.0.1; see tests/serving.
"""

from contextlib import suppress
from typing import Any

from gunicorn import util
from gunicorn.workers import gthread


class ThreadWorker(gthread.ThreadWorker):
    """Ends connections in the threads that served them."""

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
