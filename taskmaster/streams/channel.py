"""What one process knows of one user's log while that user is connected to it."""

import threading
from collections import deque
from collections.abc import Iterable
from itertools import islice
from typing import TYPE_CHECKING

from ..events.log import PAGE, Entry

if TYPE_CHECKING:
    from .follower import Follower

RING = 100  # recent events kept ready
LARGEST = 16 * 1024  # characters of an event that is kept or sent along with a wake-up


class Channel:
    """A user's known head, the most recent events, and who follows them here.

    A wake-up only raises the head, feeds the ring and sets flags: that wake-ups are lost,
    doubled or out of order therefore does not matter.
    """

    def __init__(self, user_id: str) -> None:
        self.user_id = user_id
        self.head = 0
        self.passed = 0  # characters of all events that came by
        self.followers: set[Follower] = set()
        self._ring: deque[Entry] = deque(maxlen=RING)
        self._lock = threading.Lock()

    def wake(self, entries: Iterable[Entry]) -> None:
        """Take in what was committed; an entry without payload only tells its number."""
        with self._lock:
            for entry in entries:
                if entry.seq > self.head:
                    self._remember(entry)
                    self.head = entry.seq
        self.notify()

    def raise_head(self, seq: int) -> None:
        """Learn that the log has come to `seq`."""
        with self._lock:
            news = seq > self.head
            self.head = max(seq, self.head)
        if news:
            self.notify()

    def correct_head(self, seq: int) -> None:
        """Learn that the log ends at `seq`, whatever was told; the sweep would find more."""
        with self._lock:
            self.head = seq

    def notify(self) -> None:
        """Let every follower look."""
        for follower in tuple(self.followers):
            follower.notify()

    def recent(self, cursor: int) -> list[Entry]:
        """Return what follows `cursor`, if the ring still has it."""
        with self._lock:
            if not self._ring or not self._ring[0].seq <= cursor + 1 <= self._ring[-1].seq:
                return []
            start = cursor + 1 - self._ring[0].seq
            return list(islice(self._ring, start, start + PAGE))

    def _remember(self, entry: Entry) -> None:
        self.passed += len(entry.payload)
        if self._ring and entry.seq != self._ring[-1].seq + 1:
            self._ring.clear()
        if 0 < len(entry.payload) <= LARGEST:
            self._ring.append(entry)
        else:
            self._ring.clear()
