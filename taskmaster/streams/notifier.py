"""Notifications between processes by Redis; the hub's sweep finds what is lost of them."""

import queue
import threading
from collections.abc import Callable, Collection
from contextlib import closing
from functools import partial
from typing import Any

import orjson

from ..core import clock
from ..core.concurrency import pause
from ..core.outages import Outage
from ..events.log import Entry

PREFIX = "taskmaster:user:"
MAX_QUEUED = 1000  # notifications that wait for Redis; more are dropped
MAX_SIZE = 64 * 1024  # characters of events sent with a notification; more are read in the log
PAUSE = 1.0  # seconds between two tries to reach Redis
TICK = 0.05  # seconds until a new subscription is sent

Receive = Callable[[str, list[Entry], list[str]], None]


class RedisNotifier:
    """Redis publish and subscribe, with a channel for each user who is connected here.

    One thread publishes and one listens, each with a connection of its own, so that a Redis that
    is slow or away delays no request.
    """

    def __init__(self, url: str) -> None:
        import redis  # 6 MiB, only where it is used

        self._client = redis.Redis.from_url(
            url, socket_timeout=1, socket_connect_timeout=1, health_check_interval=PAUSE, retry=None
        )
        self._outbox: queue.Queue[tuple[str, bytes]] = queue.Queue(MAX_QUEUED)
        self._outage, self._dropping = Outage("redis_unreachable"), Outage("notification_dropped")

    def start(self, receive: Receive, users: Collection[str]) -> None:
        """Publish, and listen for `users`, each in a thread, as long as the process lives."""
        for work in (self._publish, partial(self._listen, receive, users)):
            threading.Thread(target=self._go_on, args=(work,), daemon=True).start()

    def publish(
        self, user_id: str, entries: Collection[Entry], session_ids: Collection[str]
    ) -> None:
        """Queue a notification of committed events, or of sessions that have ended."""
        is_small = sum(len(entry.payload) for entry in entries) <= MAX_SIZE
        told = [(e.seq, e.action, e.payload if is_small else "") for e in entries]
        try:
            self._outbox.put_nowait((PREFIX + user_id, orjson.dumps([told, list(session_ids)])))
            self._dropping.succeeded()
        except queue.Full:
            self._dropping.failed()

    def _go_on(self, work: Callable[[], None]) -> None:
        while True:
            try:
                work()
            except Exception as error:
                self._outage.failed(error)
            pause(PAUSE)

    def _publish(self) -> None:
        """Publish until an error."""
        self._outbox = queue.Queue(MAX_QUEUED)  # what waited is old news to the sweep
        while True:
            self._client.publish(*self._outbox.get())
            self._outage.succeeded()

    def _listen(self, receive: Receive, users: Collection[str]) -> None:
        """Receive until an error. Subscriptions change in this thread only."""
        subscribed, due = frozenset[str](), 0.0
        pubsub: Any = self._client.pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]
        with closing(pubsub):
            while True:
                if (now := clock.monotonic()) >= due:
                    due, wanted = now + TICK, frozenset(users)
                    if new := wanted - subscribed:
                        pubsub.subscribe(*(PREFIX + user_id for user_id in new))
                    if old := subscribed - wanted:
                        pubsub.unsubscribe(*(PREFIX + user_id for user_id in old))
                    subscribed = wanted
                message = pubsub.get_message(timeout=TICK)  # pings too, after a silence
                if (unanswered := pubsub.health_check_response_counter) * TICK > PAUSE:
                    raise TimeoutError("Redis does not answer.")
                if subscribed and not unanswered:  # without a subscription, Redis was not asked
                    self._outage.succeeded()
                if message:
                    user_id = message["channel"].decode().removeprefix(PREFIX)
                    entries, session_ids = orjson.loads(message["data"])
                    receive(user_id, [Entry(*entry) for entry in entries], session_ids)
