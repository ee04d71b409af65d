"""One client's stream: the wait for events, its token, and its end."""

import math
import threading
from collections.abc import Iterator
from typing import NamedTuple

import structlog
from sqlalchemy.exc import SQLAlchemyError

from ..core import clock
from ..core.auth import Principal
from ..core.concurrency import pause
from ..core.outages import Outage
from .protocol import CloseReason, Message, control, stream_closed
from .reader import LogReader
from .takeover import Connection
from .token_bucket import TokenBucket

log = structlog.get_logger(__name__)

UNREADABLE_OUTAGE = Outage("log_unreadable")  # one for all: they read the same database
WARNING = 60  # seconds from `token_expiring` to the expiry
HEARTBEAT = 15  # seconds of silence after which the transport may show that it lives
RETRY = 0.5  # seconds before the log is read again after the database failed
MAX_BLOCKED = 30.0  # seconds that one write may be blocked
MAX_CLOSING = 1.0  # the same once the stream is closed
MAX_DUE = 1000  # events that may become due while one write is blocked
MAX_DUE_SIZE = 1024 * 1024  # the same in characters, of those that were told with their events
MAX_QUEUED = 2 * MAX_DUE_SIZE  # characters that wait: a bulk, and as much again


class WriteMark(NamedTuple):
    """When a write began, and how far the log had come then."""

    started: float
    head: int
    size: int


class Subscription:
    """A stream of one user's log to one connection, for as long as its token is good."""

    def __init__(self, reader: LogReader, connection: Connection, principal: Principal) -> None:
        self.reader = reader
        self.principal = principal
        self.closed = False
        self.close_reason: CloseReason | None = None  # what the client is told, if anything
        self.renewals = TokenBucket()  # of its token
        self._connection = connection
        self._wake = threading.Event()
        self.wake = self._wake.set  # look for events
        self._warned_of = 0  # the expiry that was warned of
        self._write: WriteMark | None = None

    def close(self, reason: CloseReason | None = None) -> None:
        """End the stream; the first reason stands. None: the client is gone or does not read."""
        if not self.closed:
            self._write = self._write and self._mark()  # it has MAX_CLOSING from here on
            self.closed, self.close_reason = True, reason
        self._wake.set()

    def progress(self) -> None:
        """Note that the client has read what was sent."""
        self._write = None
        self.look()

    def look(self) -> None:
        """Wake if something is due; cut if the client does not read, or too much became due."""
        if self.reader.is_behind():
            self._wake.set()
        closed, begun, now = self.closed, self._write, self._mark()  # `close` sets `_write` first
        if begun is None:
            if self._connection.has_backlog:
                self._write = now
        elif (
            now.started - begun.started > (MAX_CLOSING if closed else MAX_BLOCKED)
            or now.head - begun.head > MAX_DUE
            or now.size - begun.size > MAX_DUE_SIZE
            or self._connection.queued > MAX_QUEUED
        ):
            log.warning("stream_cut", user_id=self.principal.user_id)
            self.close()
            self._connection.abort()

    def check(self) -> None:
        """Close if the token has expired, even while a write is blocked; then look for events."""
        if self._seconds_left() <= 0:
            self.close(CloseReason.TOKEN_EXPIRED)
        self.look()

    def messages(self) -> Iterator[list[Message]]:
        """Yield batches of due messages, an empty one as heartbeat, and last the close reason.

        The consumer writes each batch before it asks for the next: so a blocked write is noticed.
        """
        while True:
            self._wake.clear()  # before looking: what is set after it is seen next time
            if self.closed:
                break
            try:
                batch = self._next_batch()
            except SQLAlchemyError as error:
                UNREADABLE_OUTAGE.failed(error)
                self._wake.wait(RETRY)
                continue
            UNREADABLE_OUTAGE.succeeded()
            if batch or not self._wake.wait(self._patience()):
                yield from self._watched(batch)
        if self.close_reason:
            yield from self._watched([stream_closed(self.close_reason)])

    def _watched(self, batch: list[Message]) -> Iterator[list[Message]]:
        self._write = self._write or self._mark()
        yield batch
        if len(batch) > 1:
            pause()  # many replays at once let others have their turn
        if not self._connection.has_backlog:
            self._write = None

    def _mark(self) -> WriteMark:
        return WriteMark(clock.monotonic(), self.reader.log.head, self.reader.log.size)

    def _next_batch(self) -> list[Message]:
        """Return what is due. Close at the token's end; warn once before it."""
        if (left := self._seconds_left()) <= 0:
            self.close(CloseReason.TOKEN_EXPIRED)
            return []
        if left <= WARNING and self._warned_of != self.principal.expires_at:
            self._warned_of = self.principal.expires_at
            return [control("token_expiring", expires_in=math.ceil(left))]
        # What was sent is read first, so that no more than a page waits.
        return [] if self._connection.has_backlog else self.reader.next_batch()

    def _patience(self) -> float:
        """Return for how many seconds there is nothing to do but wait."""
        warned = self._warned_of == self.principal.expires_at
        left = self._seconds_left() - (0 if warned else WARNING)
        return max(0.0, min(HEARTBEAT, left))

    def _seconds_left(self) -> float:
        return self.principal.expires_at - clock.now().timestamp()
