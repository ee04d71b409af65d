"""Wake-ups between processes. They may be lost: the hub's sweep finds what they did not tell."""

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

    One thread publishes and one listens, so that a Redis that is slow or away delays no request.
    """

    def __init__(self, url: str) -> None:
        self._client = redis.Redis.from_url(
            url, socket_timeout=1, socket_connect_timeout=1, retry=None, health_check_interval=0
        )
        self._wanted: set[str] = set()
        self._outbox: queue.Queue[tuple[str, bytes]] = queue.Queue(QUEUE)
        self._stopped = threading.Event()
        self._pubsub: Any = None
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
        self._tell("subscribe", PREFIX + user_id)

    def unsubscribe(self, user_id: str) -> None:
        """Hear of a user no more."""
        self._wanted.discard(PREFIX + user_id)
        self._tell("unsubscribe", PREFIX + user_id)

    def publish(
        self, user_id: str, entries: Iterable[Entry] = (), sessions: Iterable[str] = ()
    ) -> None:
        """Put a wake-up in line; large events travel without their payload."""
        short = [e if len(e.payload) <= LARGEST else (e.seq, e.action, "") for e in entries]
        message = orjson.dumps({"entries": short, "sessions": list(sessions)})
        try:
            self._outbox.put_nowait((PREFIX + user_id, message))
        except queue.Full:
            log.warning("wake_up_dropped")

    def _tell(self, command: str, channel: str) -> None:
        """Change the subscriptions; where that fails, the listener starts over with all."""
        try:
            if self._pubsub is not None:
                getattr(self._pubsub, command)(channel)
        except (redis.RedisError, OSError, ValueError):
            self._pubsub = None

    def _publish_forever(self) -> None:
        while not self._stopped.is_set():
            try:
                channel, message = self._outbox.get(timeout=1)
                self._client.publish(channel, message)
            except queue.Empty:
                continue
            except (redis.RedisError, OSError) as error:
                log.warning("bus_unreachable", doing="publish", error=type(error).__name__)

    def _listen_forever(self) -> None:
        pause = 0.05
        while not self._stopped.is_set():
            try:
                self._connect()
                pause = 0.05
                self._listen()
            except (redis.RedisError, OSError, ValueError) as error:
                log.warning("bus_unreachable", doing="listen", error=type(error).__name__)
            self._stopped.wait(pause * random.uniform(0.5, 1))  # noqa: S311 (jitter)
            pause = min(pause * 2, LONGEST_PAUSE)

    def _connect(self) -> None:
        pubsub = self._client.pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]
        pubsub.subscribe(IDLE)
        self._pubsub = pubsub
        if wanted := tuple(self._wanted):
            pubsub.subscribe(*wanted)

    def _listen(self) -> None:
        pubsub = self._pubsub
        while not self._stopped.is_set() and self._pubsub is pubsub and pubsub is not None:
            message = pubsub.get_message(timeout=1)
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
