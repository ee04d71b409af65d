"""One client's stream: the wait for events, its token, and its end."""

import math
import threading
from collections.abc import Iterator
from typing import NamedTuple

import structlog
from sqlalchemy.exc import SQLAlchemyError

from ..core import clock
from ..core.auth import Principal
from .protocol import CloseReason, Message, control, stream_closed
from .reader import LogReader

log = structlog.get_logger(__name__)

WARNING = 60  # seconds from `token_expiring` to the expiry
HEARTBEAT = 15  # seconds of silence after which the transport may show that it lives
RETRY = 0.5  # seconds before the log is read again after the database failed
MAX_BLOCKED = 30.0  # seconds that one write may be blocked
MAX_DUE = 1000  # events that may become due while one write is blocked
MAX_DUE_SIZE = 1024 * 1024  # the same in characters


class Connection:
    """What a subscription asks of its transport."""

    def abort(self) -> None:
        """End the connection at once, which frees a blocked write."""

    def has_backlog(self) -> bool:
        """Tell whether something that was sent still waits for the client to read it."""
        return False

    def enter_room(self, reader: LogReader) -> bool:
        """Let a room deliver the events from the reader's cursor on; tell whether it does."""
        return False


class WriteMark(NamedTuple):
    """When a write began, and how far the log had come then."""

    started: float
    head: int
    size: int


class Subscription:
    """A stream of one user's log to one connection, for as long as its token is good.

    `principal` is the user behind the token; a room's subscription has none.
    """

    def __init__(
        self, reader: LogReader, connection: Connection, principal: Principal | None
    ) -> None:
        self.reader = reader
        self.principal = principal
        self.closed = False
        self.close_reason: CloseReason | None = None
        self._connection = connection
        self._in_room = False
        self._wake = threading.Event()
        self._warned_of = 0  # the expiry that was warned of
        self._write: WriteMark | None = None

    def wake(self) -> None:
        """Look for events, unless a room delivers them."""
        if not self._in_room:
            self._wake.set()

    def close(self, reason: CloseReason | None = None) -> None:
        """End the stream; the first reason stands. None: the client has gone."""
        if not self.closed:
            self.closed, self.close_reason = True, reason
            if reason is CloseReason.TOO_SLOW:
                log.warning("stream_cut", user_id=self.principal and self.principal.user_id)
        if reason is CloseReason.TOO_SLOW:
            self._connection.abort()
        self._wake.set()

    @property
    def goodbye(self) -> CloseReason | None:
        """Return the reason to tell the client; None if it is gone or does not read."""
        return None if self.close_reason is CloseReason.TOO_SLOW else self.close_reason

    def renew(self, principal: Principal) -> None:
        """Continue under another token of the same user."""
        self.principal = principal
        self._wake.set()

    def progress(self) -> None:
        """Note that the client has read what was sent."""
        self._write = None

    def is_stalled(self) -> bool:
        """Tell whether the client has not read for too long, or while too much became due."""
        if self._write is None:
            if self._connection.has_backlog():
                self._write = self._mark()
            return False
        now = self._mark()
        return (
            now.started - self._write.started > MAX_BLOCKED
            or now.head - self._write.head > MAX_DUE
            or now.size - self._write.size > MAX_DUE_SIZE
        )

    def messages(self) -> Iterator[list[Message]]:
        """Yield what is due, batch by batch, an empty one as heartbeat; end with the goodbye.

        The consumer writes between two steps. That is how a blocked write is noticed.
        """
        while True:
            self._wake.clear()  # before looking: what is set after it is seen next time
            if self.closed:
                break
            try:
                batch = self._next_batch()
            except SQLAlchemyError as error:
                log.error("log_unreadable", error=type(error).__name__)
                self._wake.wait(RETRY)
                continue
            if batch or not self._wake.wait(self._patience()):
                self._write = self._mark()
                yield batch
                self.progress()
        if self.goodbye:
            yield [stream_closed(self.goodbye)]

    def _mark(self) -> WriteMark:
        recent = self.reader.recent
        return WriteMark(clock.monotonic(), recent.head, recent.size)

    def _next_batch(self) -> list[Message]:
        if warning := self._check_expiry():
            return [warning]
        if self.reader.ready and not self._in_room:
            self._in_room = self._connection.enter_room(self.reader)
        return [] if self._in_room else self.reader.next_batch()

    def _check_expiry(self) -> Message | None:
        """Close at the token's end; warn once before it."""
        if self.principal is None:
            return None
        left = self.principal.expires_at - clock.now().timestamp()
        if left <= 0:
            self.close(CloseReason.TOKEN_EXPIRED)
        elif left <= WARNING and self._warned_of != self.principal.expires_at:
            self._warned_of = self.principal.expires_at
            return control("token_expiring", expires_in=math.ceil(left))
        return None

    def _patience(self) -> float:
        """Return for how many seconds there is nothing to do but wait."""
        if self.closed or self.principal is None:
            return 0.0 if self.closed else HEARTBEAT
        left = self.principal.expires_at - clock.now().timestamp()
        warned = self._warned_of == self.principal.expires_at
        return max(0.0, min(HEARTBEAT, left if warned else left - WARNING))
