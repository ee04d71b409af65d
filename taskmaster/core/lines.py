"""Lines: those who want the same thing wait for one another, and take nothing else meanwhile."""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice

import structlog

from .current import return_connection
from .errors import ApiError, ErrorCode, rate_limit_headers

log = structlog.get_logger(__name__)

RETRY_AFTER = {"Retry-After": "1"}


class Lines:
    """A line for each key, first come first served, of a bounded length and time.

    `width` have their turn at once. `full` is the code of the refusal where too many wait.
    """

    def __init__(
        self,
        length: float,
        seconds: float,
        width: int = 1,
        full: ErrorCode = ErrorCode.RATE_LIMITED,
    ) -> None:
        self.length, self.seconds = length, seconds  # how many may wait, and how long
        self.width, self.full = width, full
        self._lines: dict[str, deque[threading.Event]] = {}
        self._lock = threading.Lock()

    @contextmanager
    def turn(self, key: str) -> Iterator[int]:
        """Wait for one's turn, and keep it until the end of the block; yield one's place, from 1.

        Raise ApiError: `full` where too many wait already, 503 where it takes too long.
        """
        return_connection()  # others need the connection while this one waits
        turn = self._join(key)
        try:
            if not turn.wait(self.seconds):
                detail = "Earlier requests are not finished yet; try again later."
                raise ApiError(ErrorCode.UNAVAILABLE, detail, None, RETRY_AFTER)
            with self._lock:
                place = self._lines[key].index(turn) + 1
            yield place
        finally:
            self._leave(key, turn)

    def _join(self, key: str) -> threading.Event:
        turn = threading.Event()
        with self._lock:
            line = self._lines.setdefault(key, deque())
            if len(line) >= self.length + self.width:
                raise self._refusal()
            line.append(turn)
            self._call(line)
        return turn

    def _call(self, line: deque[threading.Event]) -> None:
        for turn in islice(line, self.width):
            turn.set()

    def _refusal(self) -> ApiError:
        log.warning("line_full", waiting=self.length)
        is_limit = self.full is ErrorCode.RATE_LIMITED
        headers = rate_limit_headers(int(self.length + self.width), 1) if is_limit else RETRY_AFTER
        detail = "Too many requests wait already; try again later."
        return ApiError(self.full, detail, None, headers)

    def _leave(self, key: str, turn: threading.Event) -> None:
        """Make room, from wherever in the line, and call those who are first now."""
        with self._lock:
            line = self._lines[key]
            line.remove(turn)
            if line:
                self._call(line)
            else:
                del self._lines[key]
