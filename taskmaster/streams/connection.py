"""One Socket.IO connection: replay, then the room; its deadlines; its goodbye."""

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from ..core import clock
from ..core.concurrency import pause
from .follower import Follower, Position

if TYPE_CHECKING:
    from .namespace import TaskNamespace

POLL = 0.005  # seconds between two looks at engine.io, which has no event to wait for
CONNECTING = 5.0  # seconds for the CONNECT packet to go out
GOODBYE = 0.5  # seconds for the last message to go out


class Connection:
    """Drives one follower, and sends what it yields to one Socket.IO connection."""

    def __init__(self, namespace: "TaskNamespace", sid: str, follower: Follower) -> None:
        self.sid = sid
        self.follower = follower
        follower.abort = lambda: namespace.abort(sid)
        follower.on_caught_up = lambda: namespace.room_of(self).enter(self)
        self._namespace = namespace
        self._mark: Position | None = None

    def start(self) -> None:
        """Begin, in a thread of its own."""
        threading.Thread(target=self._run, daemon=True).start()

    def check_backlog(self) -> None:
        """Cut a client whose queue was never empty while too much became due."""
        if not self._namespace.backlog(self.sid):
            self._mark = None
        elif self._mark is None:
            self._mark = self.follower.mark()
        elif self.follower.due_since(self._mark):
            self.follower.cut()

    def _run(self) -> None:
        self._wait(lambda: self._namespace.is_connected(self.sid), CONNECTING)
        for batch in self.follower.messages():
            for message in batch:
                self._namespace.send(message, self.sid)
            self._wait(self._drained)  # a replay is as fast as its reader
        if self.follower.closing and not self.follower.silent:
            self._wait(lambda: not self._namespace.backlog(self.sid), GOODBYE)
            self._namespace.hang_up(self.sid, self.follower.closing)

    def _drained(self) -> bool:
        return bool(self.follower.closing) or not self._namespace.backlog(self.sid)

    def _wait(self, condition: Callable[[], bool], seconds: float = float("inf")) -> None:
        deadline = clock.monotonic() + seconds
        while not condition() and clock.monotonic() < deadline:
            pause(POLL)
