"""Who is connected to this process, and what they still lack. Knows no Flask.

The sweep is the guarantee, wake-ups are the shortcut: every fraction of a second, two queries
compare the heads of the connected users' logs, and their sessions, with what is known here.
"""

import threading
from collections.abc import Callable, Iterable

import structlog
from prometheus_client import Gauge
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from ..core.auth import Principal
from ..core.errors import ApiError, ErrorCode
from ..events import log as event_log
from ..events.log import Entry
from .bus import Bus
from .channel import Channel
from .follower import Follower
from .messages import Closing

log = structlog.get_logger(__name__)

OPEN = Gauge("stream_connections", "Streams that are open.", multiprocess_mode="livesum")
SWEEP = 0.7  # seconds
MOST_CONNECTIONS = 50  # of one user
RETRY_AFTER = {"Retry-After": "5"}

LiveSessions = Callable[[Engine, list[str]], set[str]]


class Hub:
    """The followers of one process, by user."""

    def __init__(self, engine: Engine, bus: Bus, live_sessions: LiveSessions) -> None:
        self._engine = engine
        self._bus = bus
        self._live_sessions = live_sessions
        self._channels: dict[str, Channel] = {}
        self._lock = threading.Lock()
        self._stopped = threading.Event()

    def start(self) -> None:
        """Begin to listen and to sweep, in the process that serves."""
        self._bus.start(self.wake, self.end_sessions)
        threading.Thread(target=self._sweep_forever, name="sweep", daemon=True).start()

    def stop(self) -> None:
        """Say goodbye to everyone and take in nobody new."""
        with self._lock:
            self._stopped.set()
        for follower in self.followers():
            follower.close(Closing.SERVER_RESTART)
        self._bus.stop()

    def join(self, principal: Principal, since: int | None) -> Follower:
        """Follow the log of a user. Raise ApiError (429, 503).

        Registers first and reads the head then: what is committed in between is not missed.
        """
        follower = self._register(principal.user_id, principal)
        try:
            follower.channel.raise_head(self.read_head(follower.channel))
        except BaseException:
            follower.leave()
            raise
        follower.begin(since, follower.channel.head)
        return follower

    def join_room(self, user_id: str, cursor: int) -> Follower:
        """Follow the log of a user for a room, from a position that a member has reached."""
        follower = self._register(user_id, None)
        follower.begin(cursor, max(cursor, follower.channel.head))
        return follower

    def leave(self, follower: Follower) -> None:
        """Forget a follower."""
        with self._lock:
            channel = follower.channel
            if follower not in channel.followers:
                return
            channel.followers.remove(follower)
            if follower.principal:
                OPEN.dec()
            if not channel.followers and self._channels.get(channel.user_id) is channel:
                del self._channels[channel.user_id]
                self._bus.unsubscribe(channel.user_id)

    def wake(self, user_id: str, entries: Iterable[Entry]) -> None:
        """Take in what was committed for a user."""
        if channel := self._channels.get(user_id):
            channel.wake(entries)

    def end_sessions(self, user_id: str, session_ids: Iterable[str]) -> None:
        """Close the streams of a user's sessions that have ended."""
        over = set(session_ids)
        if channel := self._channels.get(user_id):
            for follower in tuple(channel.followers):
                if follower.principal and follower.principal.session_id in over:
                    follower.close(Closing.SESSION_ENDED)

    def read(self, channel: Channel, cursor: int) -> list[Entry]:
        """Return a page of the log; the connection is given back before anything is sent."""
        with self._engine.connect() as connection:
            return event_log.read(connection, channel.user_id, cursor)

    def read_head(self, channel: Channel) -> int:
        """Return where the user's log stands."""
        with self._engine.connect() as connection:
            return event_log.heads_of(connection, [channel.user_id]).get(channel.user_id, 0)

    def followers(self) -> list[Follower]:
        """Return everyone who follows here."""
        channels = tuple(self._channels.values())
        return [one for channel in channels for one in tuple(channel.followers)]

    def sweep(self) -> None:
        """Find what wake-ups did not tell: commits, and sessions that ended."""
        channels = dict(self._channels)
        principals = [one.principal for one in self.followers() if one.principal]
        if not channels:
            return
        with self._engine.connect() as connection:
            heads = event_log.heads_of(connection, list(channels))
        for user_id, seq in heads.items():
            channels[user_id].raise_head(seq)
        asked = {principal.session_id: principal.user_id for principal in principals}
        live = self._live_sessions(self._engine, list(asked))
        for session_id in asked.keys() - live:
            self.end_sessions(asked[session_id], [session_id])

    def _register(self, user_id: str, principal: Principal | None) -> Follower:
        with self._lock:
            if self._stopped.is_set():
                detail = "The server is restarting."
                raise ApiError(ErrorCode.UNAVAILABLE, detail, None, RETRY_AFTER)
            channel = self._channels.get(user_id)
            if channel is None:
                channel = self._channels[user_id] = Channel(user_id)
                self._bus.subscribe(user_id)
            clients = [one for one in channel.followers if one.principal]
            if principal and len(clients) >= MOST_CONNECTIONS:
                detail = f"More than {MOST_CONNECTIONS} streams of one user."
                raise ApiError(ErrorCode.TOO_MANY_CONNECTIONS, detail, None, RETRY_AFTER)
            follower = Follower(self, channel, principal)
            channel.followers.add(follower)
            if principal:
                OPEN.inc()
            return follower

    def _sweep_forever(self) -> None:
        while not self._stopped.wait(SWEEP):
            try:
                self.sweep()
            except SQLAlchemyError as error:
                log.error("sweep_failed", error=type(error).__name__)
            except Exception:  # whatever it is, the next sweep is the guarantee
                log.exception("sweep_failed")
