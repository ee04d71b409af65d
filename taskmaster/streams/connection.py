"""One Socket.IO connection: replay, then the room; its deadlines; its goodbye."""

import contextlib
import threading
from typing import TYPE_CHECKING

import structlog

from .follower import Follower, Position
from .messages import NOT_UNDERSTOOD, Closing
from .waiting import wait_for

if TYPE_CHECKING:
    from .namespace import TaskNamespace

log = structlog.get_logger(__name__)

CONNECTING = 5.0  # seconds for the CONNECT packet to go out
GOODBYE = 0.5  # seconds for the last message to go out


class Connection:
    """Drives one follower, and sends what it yields to one Socket.IO connection."""

    def __init__(self, namespace: "TaskNamespace", sid: str, follower: Follower) -> None:
        self.sid = sid
        self.follower = follower
        self._namespace = namespace
        self._mark: Position | None = None
        self._engine = engine = namespace.engine_of(sid)
        follower.on_caught_up = lambda: namespace.enter_room(self)
        if engine is not None:
            follower.abort = lambda: engine.abort()  # of its transport, which may change
            engine.end = follower.close
            engine.refuse = lambda: namespace.send(NOT_UNDERSTOOD, sid)

    def start(self) -> None:
        """Begin, in a thread of its own."""
        if self._engine is not None and (self._engine.closing or self._engine.closed):
            self.follower.end()  # it went before it was known here
        threading.Thread(target=self._run, daemon=True).start()

    def check_backlog(self) -> None:
        """Cut a client whose queue was never empty while too much became due."""
        if not self._backlog():
            self._mark = None
        elif self._mark is None:
            self._mark = self.follower.mark()
        elif self.follower.due_since(self._mark):
            self.follower.cut()

    def _run(self) -> None:
        try:
            wait_for(lambda: self._namespace.is_connected(self.sid), CONNECTING)
            self._deliver()
            if self.follower.closing and not self.follower.silent:
                self._hang_up(self.follower.closing)
        except Exception:
            log.exception("stream_failed")
            self.follower.abort()
        finally:
            # Here and not where the client's going is noticed: that may be amid a room's delivery.
            self.follower.leave()
            self._namespace.leave_room(self)

    def _deliver(self) -> None:
        for batch in self.follower.messages():
            for message in batch:
                self._namespace.send(message, self.sid)
            wait_for(self._drained)  # a replay is as fast as its reader

    def _backlog(self) -> int:
        """Return how many packets wait for the client; 0 for one that is gone."""
        engine = self._engine
        return engine.queue.qsize() if engine and not engine.closed else 0

    def _drained(self) -> bool:
        return bool(self.follower.closing) or not self._backlog()

    def _hang_up(self, closing: Closing) -> None:
        """Disconnect. Only where the client shall stay away is it told so by the protocol."""
        wait_for(lambda: not self._backlog(), GOODBYE)
        if not closing.reconnect:
            with contextlib.suppress(KeyError):  # gone meanwhile
                self._namespace.disconnect(self.sid)
        if self._engine is not None:
            self._engine.leave()
