"""Notifications between processes by Redis. They may be lost: the hub's sweep finds what they
did not tell."""

import contextlib
import queue
import random
import threading
from collections.abc import Callable, Iterable
from typing import Any

import redis
import structlog

from ..events.log import Entry
from .recent import MAX_PAYLOAD

log = structlog.get_logger(__name__)

PREFIX = "taskmaster:user:"
IDLE = "taskmaster:idle"  # a PubSub without any channel cannot wait
MAX_QUEUED = 10_000  # notifications that wait for Redis; more are dropped
MAX_PAUSE = 2.0  # seconds between two tries to reach Redis
TICK = 0.05  # seconds until a new subscription is sent

OnEntries = Callable[[str, Iterable[Entry]], None]
OnSessions = Callable[[str, Iterable[str]], None]


class RedisNotifier:
    """Redis publish and subscribe, with a channel for each user who is connected here.

    One thread publishes and one listens, each with a connection of its own, so that a Redis that
    is slow or away delays no request.
    """

    def __init__(self, url: str) -> None:
        self._client = redis.Redis.from_url(
            url, socket_timeout=1, socket_connect_timeout=1, socket_keepalive=True, retry=None
        )
        self._wanted = {IDLE}
        self._changed = False  # what is wanted, since it was last sent to Redis
        self._outbox: queue.Queue[tuple[str, bytes]] = queue.Queue(MAX_QUEUED)
        self._stopped = threading.Event()
        self._on_entries: OnEntries
        self._on_sessions: OnSessions

    def start(self, on_entries: OnEntries, on_sessions: OnSessions) -> None:
        """Listen and publish, each in a thread of its own."""
        self._on_entries, self._on_sessions = on_entries, on_sessions
        for target in (self._listen_forever, self._publish_forever):
            threading.Thread(target=target, name=target.__name__, daemon=True).start()

    def stop(self) -> None:
        """Stop both threads."""
        self._stopped.set()

    def subscribe(self, user_id: str) -> None:
        """Receive the notifications of a user from now on."""
        self._wanted.add(PREFIX + user_id)
        self._changed = True

    def unsubscribe(self, user_id: str) -> None:
        """Receive the notifications of a user no more."""
        self._wanted.discard(PREFIX + user_id)
        self._changed = True

    def publish(
        self, user_id: str, entries: Iterable[Entry] = (), session_ids: Iterable[str] = ()
    ) -> None:
        """Queue a notification of committed events, or of sessions that have ended."""
        try:
            self._outbox.put_nowait((PREFIX + user_id, encode(entries, session_ids)))
        except queue.Full:
            log.warning("notification_dropped")

    def _publish_forever(self) -> None:
        while not self._stopped.is_set():
            try:
                channel, message = self._outbox.get(timeout=1)
                self._client.publish(channel, message)
            except queue.Empty:
                continue
            except Exception as error:
                log.warning("redis_unreachable", doing="publish", error=type(error).__name__)
                self._drop_queued()

    def _drop_queued(self) -> None:
        """Drop what waits: it would be old news, and the sweep tells it sooner."""
        with contextlib.suppress(queue.Empty):
            while True:
                self._outbox.get_nowait()

    def _listen_forever(self) -> None:
        pause = 0.05
        while not self._stopped.is_set():
            pubsub = self._client.pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]
            try:
                pubsub.subscribe(IDLE)
                pause = 0.05
                self._listen(pubsub)
            except Exception as error:
                log.warning("redis_unreachable", doing="listen", error=type(error).__name__)
            finally:
                pubsub.close()
            self._stopped.wait(pause * random.uniform(0.5, 1))  # noqa: S311 (jitter)
            pause = min(pause * 2, MAX_PAUSE)

    def _listen(self, pubsub: Any) -> None:
        """Receive until an error. Subscriptions change in this thread only."""
        subscribed = {IDLE}
        self._changed = True
        while not self._stopped.is_set():
            if self._changed:
                self._changed = False
                wanted = self._wanted.copy()
                if new := wanted - subscribed:
                    pubsub.subscribe(*new)
                if old := subscribed - wanted:
                    pubsub.unsubscribe(*old)
                subscribed = wanted
            message = pubsub.get_message(timeout=TICK)
            if message is not None:
                self._receive(message)

    def _receive(self, message: dict[str, Any]) -> None:
        user_id = message["channel"].decode().removeprefix(PREFIX)
        entries, session_ids = decode(message["data"])
        self._on_entries(user_id, entries)
        self._on_sessions(user_id, session_ids)


def encode(entries: Iterable[Entry], session_ids: Iterable[str]) -> bytes:
    """Return a notification: a line of session ids, then a line for each event.

    An event's JSON has no line break, so it is sent as it is; a large one travels without it.
    """
    lines = [" ".join(session_ids)]
    for seq, action, payload in entries:
        lines.append(f"{seq} {action} {payload if len(payload) <= MAX_PAYLOAD else ''}")
    return "\n".join(lines).encode()


def decode(message: bytes) -> tuple[list[Entry], list[str]]:
    """Return the events and the session ids of a notification."""
    session_ids, *lines = message.decode().split("\n")
    parts = (line.split(" ", 2) for line in lines)
    return [Entry(int(seq), action, payload) for seq, action, payload in parts], session_ids.split()
