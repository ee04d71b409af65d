"""One client's place in one user's log."""

import math
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

import structlog
from sqlalchemy.exc import SQLAlchemyError

from ..core import clock
from ..core.auth import Principal
from ..events.log import Entry
from .channel import Channel
from .messages import Closing, Message, control, event, stream_closed

if TYPE_CHECKING:
    from .hub import Hub

log = structlog.get_logger(__name__)

WARNING = 60  # seconds from `token_expiring` to the expiry
HEARTBEAT = 15  # seconds of silence after which the transport may show that it lives
RETRY = 0.5  # seconds before the log is read again after the database failed
MOST_DUE = 1000  # events that may become due while one write is blocked
MOST_DUE_CHARACTERS = 1024 * 1024


class Position(NamedTuple):
    """How far a channel had come when a write began."""

    seq: int
    characters: int


class Follower:
    """A cursor and a flag. Pulls from the ring or the log what comes next; never is pushed to.

    `principal` is whose token keeps it open; a room's follower has none.
    """

    def __init__(self, hub: "Hub", channel: Channel, principal: Principal | None = None) -> None:
        self.channel = channel
        self.principal = principal
        self.cursor = 0
        self.detached = False  # True: a room delivers the events
        self.silent = False  # True: nobody is left to say goodbye to
        self.closing: Closing | None = None
        self.abort: Callable[[], object] = lambda: None  # frees a blocked write; set by transports
        self.on_caught_up: Callable[[], None] = lambda: None  # a room may take over here
        self._hub = hub
        self._flag = threading.Event()
        self._reset: str | None = None
        self._goal = 0  # where it is ready; the head itself may never stand still
        self._ready = False
        self._replayed = 0
        self._warned = 0  # the expiry that was warned of
        self._writing: Position | None = None

    def begin(self, since: int | None, head: int) -> None:
        """Set the cursor: after `since`, or live from now."""
        self._goal = head
        self.cursor = head if since is None else since
        if self.cursor > head:
            self.cursor, self._reset = head, "ahead"

    def notify(self) -> None:
        """Make it look; cut a client that has not read for too long."""
        if self._writing and self.due_since(self._writing):
            self.cut()
        if not self.detached:
            self.look()

    def look(self) -> None:
        """Make it look, wherever the events come from."""
        self._flag.set()

    def due_since(self, mark: Position) -> bool:
        """Tell whether more has become due since `mark` than may wait for a blocked write."""
        due = self.channel.head - mark.seq
        characters = self.channel.passed - mark.characters
        return due > MOST_DUE or characters > MOST_DUE_CHARACTERS

    def mark(self) -> Position:
        """Return how far the channel has come."""
        return Position(self.channel.head, self.channel.passed)

    def cut(self) -> None:
        """End a connection that does not read; the client resumes by its position."""
        if self.closing is None:
            log.warning("stream_cut", user_id=self.channel.user_id, code=Closing.TOO_SLOW.value)
        self.end()
        self.abort()

    def end(self) -> None:
        """End without a goodbye: the client is gone, or does not read."""
        self.silent = True
        self.close(Closing.TOO_SLOW)

    def close(self, closing: Closing) -> None:
        """Say goodbye and end; the first reason stands."""
        self.closing = self.closing or closing
        self._flag.set()

    def renew(self, principal: Principal) -> None:
        """Go on under another token of the same user."""
        self.principal = principal
        self._flag.set()

    def leave(self) -> None:
        """Be followed no more. Must be called, however the stream ended."""
        self.end()
        self._hub.leave(self)

    def messages(self) -> Iterator[list[Message]]:
        """Yield what is due, batch by batch, an empty one as heartbeat; end with the goodbye.

        The consumer writes between two steps: that is how a blocked write is noticed.
        """
        while True:
            self._flag.clear()  # before looking: what is set after it is seen next time
            if self.closing:
                break
            try:
                batch = self._next_batch()
            except SQLAlchemyError as error:
                log.error("log_unreadable", error=type(error).__name__)
                self._flag.wait(RETRY)
                continue
            if batch or not self._flag.wait(self._patience()):
                self._writing = self.mark()
                yield batch
                self._writing = None
        if not self.silent:
            yield [stream_closed(self.closing)]

    def _next_batch(self) -> list[Message]:
        if warning := self._expiry():
            return [warning]
        if self._reset:
            reason, self._reset = self._reset, None
            return [control("stream_reset", seq=self.cursor, reason=reason)]
        if not self._ready and self.cursor >= self._goal:
            self._ready = True
            return [control("stream_ready", seq=self.cursor, replayed=self._replayed)]
        if self._ready and not self.detached:
            self.on_caught_up()  # which may detach it
        if not self.detached and self.cursor < self.channel.head:
            return self._events()
        return []

    def _events(self) -> list[Message]:
        entries = self.channel.recent(self.cursor) or self._hub.read(self.channel, self.cursor)
        if not entries or entries[0].seq != self.cursor + 1:
            return self._pruned(entries)
        self.cursor = entries[-1].seq
        self._replayed += 0 if self._ready else len(entries)
        return [event(entry) for entry in entries]

    def _pruned(self, entries: list[Entry]) -> list[Message]:
        """Start over at the head: what comes next is kept no more, or was never written."""
        head = self._goal = self._hub.read_head(self.channel)
        self.channel.correct_head(head)
        if entries or head > self.cursor:
            self.cursor, self._reset = head, "expired"
            return self._next_batch()
        return []

    def _expiry(self) -> Message | None:
        if self.principal is None:
            return None
        left = self.principal.expires_at - clock.now().timestamp()
        if left <= 0:
            self.close(Closing.TOKEN_EXPIRED)
        elif left <= WARNING and self._warned != self.principal.expires_at:
            self._warned = self.principal.expires_at
            return control("token_expiring", expires_in=math.ceil(left))
        return None

    def _patience(self) -> float:
        """Return for how many seconds there is nothing to do but wait."""
        if self.closing or self.principal is None:
            return 0.0 if self.closing else HEARTBEAT
        left = self.principal.expires_at - clock.now().timestamp()
        warned = self._warned == self.principal.expires_at
        return max(0.0, min(HEARTBEAT, left if warned else left - WARNING))
