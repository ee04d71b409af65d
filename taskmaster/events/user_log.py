"""A user's log as this process knows it: where it stands, and its pages from memory or database.

Whoever follows a log reads each new event from memory, and only what is older from the database.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from itertools import count

from sqlalchemy import Engine

from . import log
from .log import Entry

MAX_RECENT = 16 * 1024 * 1024  # bytes of recent events that one process keeps
OVERHEAD = 370  # bytes that an event takes beside its JSON: its number, its name, its places


class RecentEvents:
    """The latest events of users who are or were connected here, by user and number, up to a size.

    Notifications may be lost, doubled or out of order: a reader takes what follows its cursor
    without a gap, and asks the database for the rest.
    """

    def __init__(self) -> None:
        self._entries: OrderedDict[tuple[str, int], Entry] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def add(self, user_id: str, entry: Entry) -> None:
        """Keep an event that has its payload, and drop the oldest ones beyond MAX_RECENT bytes."""
        with self._lock:
            if entry.payload and (user_id, entry.seq) not in self._entries:
                self._entries[user_id, entry.seq] = entry
                self._size += entry.size + OVERHEAD
            while self._size > MAX_RECENT:
                _, oldest = self._entries.popitem(last=False)
                self._size -= oldest.size + OVERHEAD

    def after(self, user_id: str, cursor: int) -> list[Entry]:
        """Return a page of the events that follow `cursor`; none if the next one is not kept."""
        return log.page(self._from(user_id, cursor + 1))

    def _from(self, user_id: str, first: int) -> Iterator[Entry]:
        for seq in count(first):
            if (entry := self._entries.get((user_id, seq))) is None:
                return
            yield entry


class UserLog:
    """The log of one user: its known head, and its pages. A connection is held for one query."""

    def __init__(self, user_id: str, engine: Engine, recent: RecentEvents) -> None:
        self.head = 0
        self.size = 0  # characters of all events that were told of
        self._user_id, self._engine, self._recent = user_id, engine, recent
        self._lock = threading.Lock()

    def add(self, entries: Iterable[Entry]) -> None:
        """Learn of events that were committed."""
        with self._lock:
            for entry in entries:
                if entry.seq > self.head:
                    self.head = entry.seq
                    self.size += len(entry.payload)
                    self._recent.add(self._user_id, entry)

    def raise_head(self, seq: int) -> None:
        """Learn that the log has come to `seq`."""
        with self._lock:
            self.head = max(seq, self.head)

    def read_head(self) -> int:
        """Return where the log stands; 0 for a user who is gone. Raise SQLAlchemyError."""
        with self._engine.connect() as connection:
            return log.head(connection, self._user_id).seq

    def after(self, cursor: int) -> list[Entry]:
        """Return a page of the events after `cursor`, oldest first. Raise SQLAlchemyError."""
        if not (found := self._recent.after(self._user_id, cursor)):
            with self._engine.connect() as connection:
                found = log.read(connection, self._user_id, cursor)
        if found:
            self.raise_head(found[-1].seq)
        return found
