"""A reader of one user's log: a cursor, and what comes after it. No thread, no token, no hub."""

from ..events.user_log import UserLog
from .protocol import Message, control


class LogReader:
    """Yields the events after a position in order, without gap."""

    def __init__(self, log: UserLog) -> None:
        self.log = log
        self.cursor = 0  # the last event that was returned
        self.ready = False  # True once all events up to `_goal` were returned
        self._goal = 0  # the head at the start: the head itself may never stand still
        self._replayed = 0
        self._is_ahead = False  # of the log: a reset has to say so

    def seek(self, since: int | None) -> None:
        """Start after `since`, or live from now. Call it once the log's head is known."""
        self._goal = self.log.head
        self.cursor = self._goal if since is None else since
        if self.cursor > self._goal:
            self.cursor, self._is_ahead = self._goal, True

    def is_behind(self) -> bool:
        """Tell whether there is something to return."""
        return not self.ready or self.cursor < self.log.head

    def next_batch(self) -> list[Message]:
        """Return what comes next, nothing at the head. Raise SQLAlchemyError."""
        if self._is_ahead:
            self._is_ahead = False
            return [control("stream_reset", seq=self.cursor, reason="ahead")]
        if not self.ready and self.cursor >= self._goal:
            self.ready = True
            return [control("stream_ready", seq=self.cursor, replayed=self._replayed)]
        return self._events() if self.cursor < self.log.head else []

    def _events(self) -> list[Message]:
        entries = self.log.after(self.cursor)
        if not entries or entries[0].seq != self.cursor + 1:
            return self._skip_to_head(gap=bool(entries))
        self.cursor = entries[-1].seq
        self._replayed += 0 if self.ready else len(entries)
        return [Message(e.action, e.payload, e.seq, is_event=True) for e in entries]

    def _skip_to_head(self, gap: bool) -> list[Message]:
        """Start over at the head: what comes next was pruned, or was never committed."""
        head = self._goal = self.log.head = self.log.read_head()
        if not gap and head <= self.cursor:
            return []
        self.cursor = head
        return [control("stream_reset", seq=head, reason="expired")]
