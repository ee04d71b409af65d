"""Who is connected to this process, and what they have not received yet. Knows no Flask.

The sweep is the guarantee and notifications are the shortcut: every 0.7 seconds, two queries
compare the heads of the connected users' logs, and their sessions, with what is known here.
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import structlog
from prometheus_client import Gauge
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from ..core.auth import Principal
from ..core.errors import ApiError, ErrorCode
from ..events import log as event_log
from ..events.log import Entry
from .notifier import RedisNotifier
from .protocol import CloseReason
from .reader import LogReader
from .recent import RecentEvents
from .subscription import Connection, Subscription

log = structlog.get_logger(__name__)

OPEN = Gauge("stream_connections", "Streams that are open.", multiprocess_mode="livesum")
SWEEP = 0.7  # seconds
MAX_CONNECTIONS = 50  # of one user
RETRY_AFTER = {"Retry-After": "5"}

LiveSessions = Callable[[Engine, list[str]], set[str]]


class UserStreams(NamedTuple):
    """What is known of a user's log, and who follows it here."""

    recent: RecentEvents
    subscriptions: set[Subscription]

    def wake(self) -> None:
        """Make everyone look for events."""
        for subscription in tuple(self.subscriptions):
            subscription.wake()

    def cut_stalled(self) -> None:
        """Close the streams of clients that do not read."""
        for subscription in tuple(self.subscriptions):
            if subscription.is_stalled():
                subscription.close(CloseReason.TOO_SLOW)


class UserLog:
    """The log of one user, as a reader reads it. A connection is held for one query only."""

    def __init__(self, engine: Engine, user_id: str) -> None:
        self._engine, self._user_id = engine, user_id

    def read_head(self) -> int:
        """Return where the log stands; 0 for a user who is gone."""
        with self._engine.connect() as connection:
            return event_log.heads_of(connection, [self._user_id]).get(self._user_id, 0)

    def read_after(self, cursor: int) -> list[Entry]:
        """Return a page of the events after `cursor`."""
        with self._engine.connect() as connection:
            return event_log.read(connection, self._user_id, cursor)


class Hub:
    """The subscriptions of one process, by user."""

    def __init__(
        self, engine: Engine, notifier: RedisNotifier | None, live_sessions: LiveSessions
    ) -> None:
        self._engine = engine
        self._notifier = notifier
        self._live_sessions = live_sessions
        self._users: dict[str, UserStreams] = {}
        self._lock = threading.Lock()
        self._stopped = threading.Event()

    def start(self) -> None:
        """Begin to listen and to sweep, in the process that serves."""
        if self._notifier:
            self._notifier.start(self._receive, self._close_sessions)
        threading.Thread(target=self._sweep_forever, name="sweep", daemon=True).start()

    def stop(self) -> None:
        """Say goodbye to everyone and refuse new subscriptions."""
        with self._lock:
            self._stopped.set()
        for subscription in self.subscriptions():
            subscription.close(CloseReason.SERVER_RESTART)
        if self._notifier:
            self._notifier.stop()

    @contextmanager
    def subscribe(
        self, principal: Principal, since: int | None, connection: Connection
    ) -> Iterator[Subscription]:
        """Follow the log of a user until the end of the block. Raise ApiError (429, 503).

        It registers first and then reads the head: what is committed in between is not missed.
        """
        log_source = UserLog(self._engine, principal.user_id)
        with self._registered(principal.user_id, principal, connection, log_source) as found:
            found.reader.recent.raise_head(log_source.read_head())
            found.reader.seek(since)
            yield found

    @contextmanager
    def follow_from(self, user_id: str, cursor: int) -> Iterator[Subscription]:
        """Follow the log of a user for a room, from where its first member stands."""
        log_source = UserLog(self._engine, user_id)
        with self._registered(user_id, None, Connection(), log_source) as found:
            found.reader.recent.raise_head(cursor)
            found.reader.seek(cursor)
            yield found

    def publish(self, user_id: str, entries: list[Entry]) -> None:
        """Deliver what was committed for a user, in this process and in the others."""
        self._receive(user_id, entries)
        if self._notifier:
            self._notifier.publish(user_id, entries)

    def end_sessions(self, user_id: str, session_ids: list[str]) -> None:
        """Close the streams of sessions that have ended, in this process and in the others."""
        self._close_sessions(user_id, session_ids)
        if self._notifier:
            self._notifier.publish(user_id, session_ids=session_ids)

    def subscriptions(self) -> list[Subscription]:
        """Return all subscriptions of this process."""
        users = tuple(self._users.values())
        return [one for user in users for one in tuple(user.subscriptions)]

    def sweep(self) -> None:
        """Find what notifications did not tell: commits, ended sessions, blocked writes."""
        users = dict(self._users)
        if not users:
            return
        with self._engine.connect() as connection:
            heads = event_log.heads_of(connection, list(users))
        for user_id, user in users.items():
            if user.recent.raise_head(heads.get(user_id, 0)):
                user.wake()
            user.cut_stalled()
        principals = [one.principal for one in self.subscriptions() if one.principal]
        asked = {principal.session_id: principal.user_id for principal in principals}
        for session_id in asked.keys() - self._live_sessions(self._engine, list(asked)):
            self._close_sessions(asked[session_id], [session_id])

    def _receive(self, user_id: str, entries: Iterable[Entry]) -> None:
        if user := self._users.get(user_id):
            user.recent.add(entries)
            user.cut_stalled()
            user.wake()

    def _close_sessions(self, user_id: str, session_ids: Iterable[str]) -> None:
        over = set(session_ids)
        if user := self._users.get(user_id):
            for subscription in tuple(user.subscriptions):
                if subscription.principal and subscription.principal.session_id in over:
                    subscription.close(CloseReason.SESSION_ENDED)

    @contextmanager
    def _registered(
        self,
        user_id: str,
        principal: Principal | None,
        connection: Connection,
        log_source: UserLog,
    ) -> Iterator[Subscription]:
        with self._lock:
            user = self._admit(user_id, principal)
            reader = LogReader(user.recent, log_source)
            subscription = Subscription(reader, connection, principal)
            user.subscriptions.add(subscription)
        is_client = principal is not None
        OPEN.inc(is_client)
        try:
            yield subscription
        finally:
            subscription.close()
            OPEN.dec(is_client)
            self._forget(user_id, user, subscription)

    def _admit(self, user_id: str, principal: Principal | None) -> UserStreams:
        if self._stopped.is_set():
            detail = "The server is restarting."
            raise ApiError(ErrorCode.UNAVAILABLE, detail, None, RETRY_AFTER)
        user = self._users.get(user_id)
        if user is None:
            user = self._users[user_id] = UserStreams(RecentEvents(), set())
            if self._notifier:
                self._notifier.subscribe(user_id)
        clients = [one for one in user.subscriptions if one.principal]
        if principal and len(clients) >= MAX_CONNECTIONS:
            detail = f"More than {MAX_CONNECTIONS} streams of one user."
            raise ApiError(ErrorCode.TOO_MANY_CONNECTIONS, detail, None, RETRY_AFTER)
        return user

    def _forget(self, user_id: str, user: UserStreams, subscription: Subscription) -> None:
        with self._lock:
            user.subscriptions.discard(subscription)
            if not user.subscriptions and self._users.get(user_id) is user:
                del self._users[user_id]
                if self._notifier:
                    self._notifier.unsubscribe(user_id)

    def _sweep_forever(self) -> None:
        while not self._stopped.wait(SWEEP):
            try:
                self.sweep()
            except SQLAlchemyError as error:
                log.error("sweep_failed", error=type(error).__name__)
            except Exception:  # whatever it is, the next sweep is the guarantee
                log.exception("sweep_failed")
