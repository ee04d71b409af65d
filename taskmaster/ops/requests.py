"""How gunicorn reads: others have their turn meanwhile, and what nobody wants is not read for ever.

gunicorn.conf.py runs this file before the fork, so it does not import the application. The parser
takes the place of gunicorn's own, as of its version 27.0.1; see tests/serving.
"""

from contextlib import suppress
from timeit import default_timer
from typing import Any

from gunicorn import util
from gunicorn.http import message, parser, unreader
from gunicorn.http.errors import ParseException

TURN = 0.005  # seconds of work after which others have theirs
MAX_READ = 2**16  # bytes at once: gunicorn copies what it has not handed out yet with each KiB
MAX_DRAIN = 2**21  # bytes that are read after a refusal: twice what a body may have
MAX_HEAD = 2**16 + 2**13  # bytes of all headers together, and of one read: a body may follow
green = True  # False: threads take turns by themselves, and close connections (threads.py)


class Unreader(unreader.SocketUnreader):
    """Lets others run between reads: as long as bytes are there, a read waits for nothing."""

    max_body_chunk = MAX_READ

    def __init__(self, sock: Any) -> None:
        super().__init__(sock)
        self._worked, self._begun = 0.0, default_timer()

    def chunk(self, size_hint: int | None = None) -> bytes:
        """Return the next bytes of the connection."""
        self._worked += default_timer() - self._begun
        if green and self._worked > TURN:
            from taskmaster.core.concurrency import pause  # not before the fork

            pause()
            self._worked = 0.0
        data: bytes = super().chunk(size_hint)
        self._begun = default_timer()
        return data


class Request(message.Request):
    """Refuses a long head."""

    def parse(self, unreader: Any) -> Any:
        """Read the head. Raise LimitRequestHeaders (431) where it has more than 64 KiB."""
        self.max_buffer_headers = MAX_HEAD
        return super().parse(unreader)


class Parser(parser.RequestParser):
    """Reads the requests of a connection, and closes it over a body that does not end."""

    mesg_class = Request

    def __init__(self, cfg: Any, source: Any, source_addr: Any) -> None:
        super().__init__(cfg, source, source_addr)
        self.unreader = Unreader(source)

    def finish_body(self, deadline: float | None = None, max_bytes: int = MAX_DRAIN) -> bool:
        """Read what the application has left. Return whether another request may follow."""
        with suppress(ParseException):  # the request is answered already
            if super().finish_body(deadline, max_bytes):
                return True
        if green:
            with suppress(OSError):  # closed over unread bytes, the connection would be reset
                util.close_graceful(self.unreader.sock.dup())  # the worker closes its own
        return False
