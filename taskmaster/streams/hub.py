"""Who is connected to this process, and what they have not received yet. Knows no Flask.

The sweep is the guarantee and notifications are the shortcut: every 0.7 seconds, two queries
compare the heads of the connected users' logs, and their sessions, with what is known here.
"""

import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from prometheus_client import Gauge

from ..accounts import sessions
from ..core import clock
from ..core.auth import Principal
from ..core.concurrency import pause
from ..core.database import Databases
from ..core.errors import ApiError, ErrorCode, rate_limit_headers
from ..events import log as event_log
from ..events.log import Entry
from ..events.user_log import RecentEvents, UserLog
from .notifier import RedisNotifier
from .protocol import CloseReason
from .reader import LogReader
from .subscription import MAX_CLOSING, Subscription
from .takeover import Connection

OPEN = Gauge("stream_connections", "Streams that are open.", multiprocess_mode="livesum")
SWEEP = 0.7  # seconds
MAX_CONNECTIONS = 50  # of one user


class UserStreams(NamedTuple):
    """What is known of a user's log, and who follows it here."""

    log: UserLog
    subscriptions: set[Subscription]


class Hub:
    """The subscriptions of one process, by user."""

    def __init__(self, engines: Databases, notifier: RedisNotifier | None) -> None:
        self._engines = engines  # the sweep has connections apart: it never waits for readers
        self._recent = RecentEvents()
        self._notifier = notifier
        self.users: dict[str, UserStreams] = {}
        self.unnamed = set[Connection]()  # connections that came without a token
        self._lock = threading.Lock()
        self._stopped = False

    def stop(self) -> None:
        """Close all streams, refuse new ones, and cut who does not read: no sweep follows."""
        with self._lock:
            self._stopped = True
        for subscription in self.subscriptions():
            subscription.close(CloseReason.SERVER_RESTART)
        deadline = clock.monotonic() + 3 * MAX_CLOSING
        while (left := self.subscriptions()) and clock.monotonic() < deadline:
            pause(0.1)
            for subscription in left:
                subscription.look()
        for connection in tuple(self.unnamed):  # those without a stream; other streams are over
            connection.abort()

    @contextmanager
    def subscribe(
        self, principal: Principal, since: int | None, connection: Connection
    ) -> Iterator[Subscription]:
        """Follow the log of a user until the end of the block. Raise ApiError (429, 503)."""
        subscription = self._register(principal, connection)
        with OPEN.track_inprogress():
            try:
                log = subscription.reader.log  # registered: what is committed now is told
                log.raise_head(log.read_head())
                subscription.reader.seek(since)
                yield subscription
            finally:
                subscription.close()
                self._unregister(subscription)

    def check_open(self) -> None:
        """Raise ApiError (503) once it is stopped."""
        if self._stopped:
            raise ApiError(ErrorCode.UNAVAILABLE, "The server is restarting.")

    def publish(
        self, user_id: str, entries: Collection[Entry] = (), session_ids: Collection[str] = ()
    ) -> None:
        """Tell of committed events and of sessions that have ended, here and elsewhere."""
        self.receive(user_id, entries, session_ids)
        if self._notifier:
            self._notifier.publish(user_id, entries, session_ids)

    def subscriptions(self) -> list[Subscription]:
        """Return all subscriptions of this process."""
        return [one for user in tuple(self.users.values()) for one in tuple(user.subscriptions)]

    def sweep(self) -> None:
        """Find what notifications did not tell, and end what is over."""
        try:
            if users := dict(self.users):
                with self._engines.aside.connect() as connection:
                    heads = event_log.heads_of(connection, list(users))
                for user_id, user in users.items():
                    user.log.raise_head(heads.get(user_id, 0))
                asked = {one.principal.session_id: one.principal for one in self.subscriptions()}
                for ended in asked.keys() - sessions.find_live(self._engines.aside, list(asked)):
                    self.receive(asked[ended].user_id, session_ids=[ended])
        finally:
            for subscription in self.subscriptions():
                subscription.check()

    def receive(
        self, user_id: str, entries: Collection[Entry] = (), session_ids: Collection[str] = ()
    ) -> None:
        """Take in what was committed, or has ended, somewhere."""
        if user := self.users.get(user_id):
            user.log.add(entries)
            for subscription in tuple(user.subscriptions):
                if subscription.principal.session_id in session_ids:
                    subscription.close(CloseReason.SESSION_ENDED)
                subscription.look()

    def _register(self, principal: Principal, connection: Connection) -> Subscription:
        with self._lock:
            self.check_open()
            user_id = principal.user_id
            if (user := self.users.get(user_id)) is None:
                user = UserStreams(UserLog(user_id, self._engines.reading, self._recent), set())
                self.users[user_id] = user
            if len(user.subscriptions) >= MAX_CONNECTIONS:
                detail = f"More than {MAX_CONNECTIONS} streams of one user."
                limit = rate_limit_headers(MAX_CONNECTIONS, 5)
                raise ApiError(ErrorCode.TOO_MANY_CONNECTIONS, detail, None, limit)
            subscription = Subscription(LogReader(user.log), connection, principal)
            user.subscriptions.add(subscription)
            return subscription

    def _unregister(self, subscription: Subscription) -> None:
        user_id = subscription.principal.user_id
        with self._lock:
            subscriptions = self.users[user_id].subscriptions
            subscriptions.remove(subscription)
            if not subscriptions:
                del self.users[user_id]
