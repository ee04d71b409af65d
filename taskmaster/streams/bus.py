"""Wake-ups between processes. They may be lost: the hub's sweep finds what they did not tell."""

import contextlib
import queue
import random
import threading
from collections.abc import Callable, Iterable
from typing import Any, Protocol

import orjson
import redis
import structlog

from ..events.log import Entry
from .channel import LARGEST

log = structlog.get_logger(__name__)

PREFIX = "taskmaster:user:"
IDLE = "taskmaster:idle"  # a PubSub without any channel cannot wait
QUEUE = 10_000  # wake-ups waiting for Redis; more are dropped
LONGEST_PAUSE = 2.0  # seconds between two tries to reach Redis
TICK = 0.05  # seconds until a new subscription is sent

OnEntries = Callable[[str, Iterable[Entry]], None]
OnSessions = Callable[[str, Iterable[str]], None]


class Bus(Protocol):
    """How a process tells the others."""

    def start(self, on_entries: OnEntries, on_sessions: OnSessions) -> None: ...
    def stop(self) -> None: ...
    def subscribe(self, user_id: str) -> None: ...
    def unsubscribe(self, user_id: str) -> None: ...
    def publish(
        self, user_id: str, entries: Iterable[Entry] = (), sessions: Iterable[str] = ()
    ) -> None: ...


class MemoryBus:
    """The bus of one process, or of several without Redis: the sweep tells the others."""

    def start(self, on_entries: OnEntries, on_sessions: OnSessions) -> None:
        """Nobody else to listen to."""

    def stop(self) -> None:
        """Nothing to stop."""

    def subscribe(self, user_id: str) -> None:
        """Nothing to subscribe to."""

    def unsubscribe(self, user_id: str) -> None:
        """Nothing to unsubscribe from."""

    def publish(
        self, user_id: str, entries: Iterable[Entry] = (), sessions: Iterable[str] = ()
    ) -> None:
        """Nobody else to tell."""


class RedisBus:
    """Redis pub/sub, a channel for each user who is connected here.

    One thread publishes and one listens, each with a connection of its own, so that a Redis that
    is slow or away delays no request.
    """

    def __init__(self, url: str) -> None:
        self._client = redis.Redis.from_url(
            url, socket_timeout=1, socket_connect_timeout=1, socket_keepalive=True, retry=None
        )
        self._wanted = {IDLE}
        self._changed = False  # what is wanted, since it was last sent to Redis
        self._outbox: queue.Queue[tuple[str, bytes]] = queue.Queue(QUEUE)
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
        """Hear of a user from now on."""
        self._wanted.add(PREFIX + user_id)
        self._changed = True

    def unsubscribe(self, user_id: str) -> None:
        """Hear of a user no more."""
        self._wanted.discard(PREFIX + user_id)
        self._changed = True

    def publish(
        self, user_id: str, entries: Iterable[Entry] = (), sessions: Iterable[str] = ()
    ) -> None:
        """Put a wake-up in line; large events travel without their payload."""
        short = [(e.seq, e.action, e.payload if len(e.payload) <= LARGEST else "") for e in entries]
        message = orjson.dumps({"entries": short, "sessions": list(sessions)})
        try:
            self._outbox.put_nowait((PREFIX + user_id, message))
        except queue.Full:
            log.warning("wake_up_dropped")

    def _publish_forever(self) -> None:
        while not self._stopped.is_set():
            try:
                channel, message = self._outbox.get(timeout=1)
                self._client.publish(channel, message)
            except queue.Empty:
                continue
            except Exception as error:
                log.warning("bus_unreachable", doing="publish", error=type(error).__name__)
                self._drop()

    def _drop(self) -> None:
        """Forget what waits: it would be old news, and the sweep tells it sooner."""
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
                log.warning("bus_unreachable", doing="listen", error=type(error).__name__)
            finally:
                pubsub.close()
            self._stopped.wait(pause * random.uniform(0.5, 1))  # noqa: S311 (jitter)
            pause = min(pause * 2, LONGEST_PAUSE)

    def _listen(self, pubsub: Any) -> None:
        """Receive until an error; subscriptions change in this thread only."""
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
        body = orjson.loads(message["data"])
        self._on_entries(user_id, [Entry(*entry) for entry in body["entries"]])
        self._on_sessions(user_id, body["sessions"])


def make_bus(redis_url: str | None) -> Bus:
    """Return the bus that the settings ask for."""
    return RedisBus(redis_url) if redis_url else MemoryBus()
