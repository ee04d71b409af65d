"""A Socket.IO room: one follower for all of a user's connections that have caught up."""

import threading
from typing import TYPE_CHECKING

import structlog

from .messages import Closing, Message

if TYPE_CHECKING:
    from .connection import Connection
    from .namespace import TaskNamespace

log = structlog.get_logger(__name__)


class Room:
    """Emits a user's live events once, to the room named by the user's id.

    A connection replays by itself and enters when it has come exactly as far as the room; the
    lock keeps the room from going on meanwhile. So nobody misses an event or gets one twice.
    """

    def __init__(self, namespace: "TaskNamespace", user_id: str, cursor: int) -> None:
        self.user_id = user_id
        self._namespace = namespace
        self._members: set[Connection] = set()
        self._waiting: set[Connection] = set()  # not as far as the room, or farther
        self._lock = threading.Lock()
        self._cursor = cursor
        self._follower = namespace.hub.join_room(user_id, cursor)
        threading.Thread(target=self._run, daemon=True).start()

    def enter(self, member: "Connection") -> None:
        """Take in a connection that has caught up, if the room is as far."""
        with self._lock:
            if member.follower.cursor != self._cursor:
                self._waiting.add(member)
                return
            member.follower.detached = True
            self._members.add(member)
            self._namespace.put(member.sid, self.user_id)

    def leave(self, member: "Connection") -> bool:
        """Let a connection go; return whether nobody is left."""
        with self._lock:
            self._members.discard(member)
            self._waiting.discard(member)
            return not self._members | self._waiting

    def close(self) -> None:
        """Stop delivering."""
        self._follower.leave()

    def _run(self) -> None:
        try:
            for batch in self._follower.messages():
                self._deliver(batch)
        except Exception:
            log.exception("room_failed")
            for member in self._everyone():
                member.follower.close(Closing.SERVER_RESTART)  # to resume in a new room

    def _deliver(self, batch: list[Message]) -> None:
        with self._lock:
            for message in batch:
                # What else a follower says, each member's own has said.
                if message.is_event or message.name == "stream_reset":
                    self._namespace.send(message, self.user_id)
            self._cursor = self._follower.cursor
            members = tuple(self._members)
            waiting, self._waiting = self._waiting, set()
        for member in members:
            member.check_backlog()
        for member in waiting:
            member.follower.look()

    def _everyone(self) -> set["Connection"]:
        with self._lock:
            return self._members | self._waiting
