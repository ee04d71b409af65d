"""The rooms of Socket.IO: one reader of the log for all of a user's connections."""

import contextlib
import threading
from contextlib import ExitStack

import structlog

from ...core.auth import Principal
from ..hub import Hub
from ..protocol import NOT_UNDERSTOOD, CloseReason, Message
from ..reader import LogReader
from ..subscription import Connection, Subscription
from .adapter import EngineSocket, NoSocket, Outlet

log = structlog.get_logger(__name__)

Engine = EngineSocket | NoSocket

GOODBYE = 0.5  # seconds for the last message to be read
TICK = 0.5  # seconds between two looks whether a stream was closed while its client does not read


class Member(Connection):
    """One Socket.IO connection: it reads the log by itself until it enters its user's room."""

    def __init__(self, rooms: "Rooms", sid: str, engine: Engine, user_id: str) -> None:
        self.sid = sid
        self.user_id = user_id
        self.subscription: Subscription
        self._rooms = rooms
        self._engine = engine
        self._stack = ExitStack()

    def subscribe(self, hub: Hub, principal: Principal, since: int | None) -> None:
        """Follow the log. Raise ApiError (429, 503)."""
        opening = hub.subscribe(principal, since, self)
        self.subscription = self._stack.enter_context(opening)
        self._engine.listener = self
        self._rooms.members[self.sid] = self

    def start(self) -> None:
        """Begin to deliver, in a thread of its own."""
        if self._engine.closing or self._engine.closed:
            self.subscription.close()  # it went before it was known here
        threading.Thread(target=self._run, daemon=True).start()

    def send(self, message: Message) -> None:
        """Send a message to this connection only."""
        self._rooms.outlet.emit(message, self.sid)

    def abort(self) -> None:
        """End the connection at once, which frees a blocked write."""
        self._engine.abort()

    def has_backlog(self) -> bool:
        """Tell whether packets wait for the client to read them."""
        return not self._engine.drained.is_set()

    def enter_room(self, reader: LogReader) -> bool:
        """Enter the room of the user, if it stands where this connection stands."""
        return self._rooms.enter(self, reader)

    def progress(self) -> None:
        """Note that the client has read what was sent."""
        self.subscription.progress()

    def close(self, reason: CloseReason) -> None:
        """Say goodbye and end."""
        self.subscription.close(reason)

    def refuse(self) -> None:
        """Answer what is not understood."""
        self.send(NOT_UNDERSTOOD)

    def _run(self) -> None:
        with self._stack:
            try:
                self._deliver()
                if reason := self.subscription.goodbye:
                    self._hang_up(reason)
            except Exception:
                log.exception("stream_failed")
                self.abort()
            finally:
                # Here and not where the client's going is noticed: that may be amid a delivery.
                self._rooms.leave(self)

    def _deliver(self) -> None:
        for batch in self.subscription.messages():
            for message in batch:
                self.send(message)
            # A replay is as fast as its reader.
            while not (self.subscription.closed or self._engine.drained.wait(TICK)):
                pass

    def _hang_up(self, reason: CloseReason) -> None:
        """Disconnect. The protocol tells a client only to stay away, not to come back."""
        self._engine.drained.wait(GOODBYE)
        if not reason.reconnect:
            with contextlib.suppress(KeyError):  # it has gone meanwhile
                self._rooms.outlet.disconnect(self.sid)
        self._engine.leave()


class Room:
    """Emits a user's live events once, to the room named by the user's id.

    A member enters when its reader stands exactly where the room's reader stands; the lock keeps
    the room still meanwhile. So nobody misses an event or gets one twice.
    """

    def __init__(self, hub: Hub, outlet: Outlet, user_id: str, cursor: int) -> None:
        self.user_id = user_id
        self._outlet = outlet
        self._members: set[Member] = set()
        self._waiting: set[Member] = set()  # not where the room stands
        self._lock = threading.Lock()
        self._cursor = cursor
        self._stack = ExitStack()
        self._subscription = self._stack.enter_context(hub.follow_from(user_id, cursor))
        threading.Thread(target=self._run, daemon=True).start()

    def enter(self, member: Member, reader: LogReader) -> bool:
        """Take a member in if it stands where the room stands; else remember that it waits."""
        with self._lock:
            if reader.cursor != self._cursor:
                self._waiting.add(member)
                return False
            with contextlib.suppress(KeyError):  # it has gone: its own thread will notice
                self._outlet.enter_room(member.sid, self.user_id)
            self._members.add(member)
            return True

    def leave(self, member: Member) -> bool:
        """Let a member go. Return whether nobody is left."""
        with self._lock:
            self._members.discard(member)
            self._waiting.discard(member)
            return not self._members | self._waiting

    def close(self) -> None:
        """Stop delivering."""
        self._subscription.close()

    def _run(self) -> None:
        with self._stack:
            try:
                for batch in self._subscription.messages():
                    self._deliver(batch)
            except Exception:
                log.exception("room_failed")
            for member in self._everyone():  # whoever is left resumes, in a new room
                member.close(CloseReason.SERVER_RESTART)

    def _deliver(self, batch: list[Message]) -> None:
        with self._lock:
            for message in batch:
                # All other control messages are sent by each member's own subscription.
                if message.is_event or message.name == "stream_reset":
                    self._outlet.emit(message, self.user_id)
            self._cursor = self._subscription.reader.cursor
            waiting, self._waiting = self._waiting, set()
        for member in waiting:
            member.subscription.wake()

    def _everyone(self) -> set[Member]:
        with self._lock:
            return self._members | self._waiting


class Rooms:
    """The rooms of one application: a user's first member opens one, the last closes it."""

    def __init__(self, hub: Hub, outlet: Outlet) -> None:
        self.outlet = outlet
        self._hub = hub
        self.members: dict[str, Member] = {}  # by connection, in a room or not yet
        self._rooms: dict[str, Room] = {}
        self._lock = threading.Lock()

    def enter(self, member: Member, reader: LogReader) -> bool:
        """Put a member in its user's room, if it stands where the room stands."""
        with self._lock:
            room = self._rooms.get(member.user_id)
            if room is None:
                room = Room(self._hub, self.outlet, member.user_id, reader.cursor)
                self._rooms[member.user_id] = room
            return room.enter(member, reader)

    def leave(self, member: Member) -> None:
        """Forget a member, and take it out of its room."""
        with self._lock:
            self.members.pop(member.sid, None)
            room = self._rooms.get(member.user_id)
            if room and room.leave(member):
                del self._rooms[room.user_id]
                room.close()
