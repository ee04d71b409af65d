"""What one process knows of one user's log: where it stands, and its most recent events."""

import threading
from collections import deque
from collections.abc import Iterable
from itertools import islice

from ..events.log import PAGE, Entry

RING = 100  # recent events that are kept
MAX_PAYLOAD = 16 * 1024  # characters of an event that is kept, or sent with a notification


class RecentEvents:
    """The known head of a user's log, and a ring of the events that lead up to it.

    Notifications may be lost, doubled or out of order: they only raise the head and feed the
    ring, and whoever reads checks that the numbers have no gap.
    """

    def __init__(self) -> None:
        self.head = 0
        self.size = 0  # characters of all events that were added
        self._ring: deque[Entry] = deque(maxlen=RING)
        self._lock = threading.Lock()

    def add(self, entries: Iterable[Entry]) -> None:
        """Add events that were committed. An entry without payload only tells its number."""
        with self._lock:
            for entry in entries:
                if entry.seq > self.head:
                    self._remember(entry)
                    self.head = entry.seq

    def raise_head(self, seq: int) -> bool:
        """Learn that the log has come to `seq`. Return whether that is news."""
        with self._lock:
            is_news = seq > self.head
            self.head = max(seq, self.head)
            return is_news

    def correct_head(self, seq: int) -> None:
        """Learn that the log ends at `seq`, whatever a notification said."""
        with self._lock:
            self.head = seq

    def after(self, cursor: int) -> list[Entry]:
        """Return the events that follow `cursor`; none if the ring does not reach back to it."""
        with self._lock:
            if not self._ring or not self._ring[0].seq <= cursor + 1 <= self._ring[-1].seq:
                return []
            start = cursor + 1 - self._ring[0].seq
            return list(islice(self._ring, start, start + PAGE))

    def _remember(self, entry: Entry) -> None:
        self.size += len(entry.payload)
        if self._ring and entry.seq != self._ring[-1].seq + 1:
            self._ring.clear()
        if 0 < len(entry.payload) <= MAX_PAYLOAD:
            self._ring.append(entry)
        else:
            self._ring.clear()
