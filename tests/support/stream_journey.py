"""Who takes part in a journey: clients that always come back, and writers who keep a record."""

import http.client
import random
import threading
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import requests
import websocket

from tests.support.api import Reply, User, through_http
from tests.support.stream_client import RefusedError, StreamClient, start_thread
from tests.support.waiting import wait_until

FAILURES = (OSError, RefusedError, websocket.WebSocketException, http.client.HTTPException,
            requests.RequestException, ValueError)  # fmt: skip

_chance = random.Random()  # noqa: S311 - not a secret


class Returning:
    """Follows a user's log from its beginning; after every cut it resumes, on any server."""

    def __init__(self, transport: type[StreamClient], urls: Sequence[str], user: User) -> None:
        self.transport, self.urls, self.user = transport, urls, user
        self.cuts = 0
        self._past: list[dict[str, Any]] = []
        self._stream: StreamClient | None = None
        self._stop = threading.Event()
        self._thread = start_thread(self._follow)

    @property
    def events(self) -> list[dict[str, Any]]:
        stream = self._stream
        return self._past + (stream.events if stream else [])

    def position(self) -> int:
        """Return the last number received."""
        stream = self._stream
        seqs = stream.seqs if stream else []
        return int(seqs[-1]) if seqs else self._past_position()

    def close(self) -> None:
        self._stop.set()
        self._thread.join(20)

    def _past_position(self) -> int:
        return int(self._past[-1]["seq"]) if self._past else 0

    def _follow(self) -> None:
        while not self._stop.wait(0.1):
            url = _chance.choice(self.urls)
            try:
                stream = self.transport(url, self.user.access, self._past_position())
            except FAILURES:
                continue
            self._stream = stream
            while not stream.ended.wait(0.2) and not self._stop.is_set():
                pass
            stream.close()
            self._stream, self._past = None, self._past + stream.events
            assert not stream.of("stream_reset")
            self.cuts += 1


class Attempt(NamedTuple):
    """One write: the event that it makes if it happens, and whether the API said that it did."""

    action: str
    mark: str  # the title, which is unique, or for a deletion the id
    acknowledged: bool


def mark_of(event: dict[str, Any]) -> tuple[str, str]:
    """Return what tells an event from all others of its user."""
    return event["action"], event.get("title", event["id"])


class Writer:
    """Changes one user's tasks at random, and remembers what was acknowledged."""

    def __init__(self, user: User, urls: Sequence[str], seed: object) -> None:
        self.user, self.urls = user, urls
        self.attempts: list[Attempt] = []
        self.failures: list[str] = []
        self.acknowledged = 0
        self._random = random.Random(str(seed))  # noqa: S311 - not a secret
        self._transports = {url: through_http(url) for url in urls}
        self._tasks: list[str] = []

    def write(self, urls: Sequence[str] = ()) -> bool:
        """Make one random change on a random server; return whether it was acknowledged."""
        self.user.transport = self._transports[self._random.choice(urls or self.urls)]
        title = f"{self.user.username} {len(self.attempts)}"
        draw = self._random.random()
        if draw < 0.5 or not self._tasks:
            return self._record("task_create", title, self._create, title)
        task = self._random.choice(self._tasks)
        if draw < 0.8:
            return self._record("task_update", title, self._update, task, title)
        self._tasks.remove(task)
        return self._record("task_delete", task, self._delete, task)

    def write_until_acknowledged(self, urls: Sequence[str] = ()) -> None:
        """Make changes until one is acknowledged."""
        try:
            wait_until(lambda: self.write(urls), 60, every=0.1, what="an acknowledged write")
        except AssertionError as error:
            raise AssertionError(f"{error}: {self.failures[-20:]}") from None

    def _record(self, action: str, mark: str, call: Callable[..., Reply], *args: str) -> bool:
        try:
            status = call(*args).status
        except FAILURES as error:
            self.failures.append(repr(error))
            status = 0  # nobody knows
        if status >= 400:
            self.failures.append(str(status))
        assert status in (0, 200, 201, 404, 500, 503), status
        self.attempts.append(Attempt(action, mark, status in (200, 201)))
        self.acknowledged += status in (200, 201)
        return status in (200, 201)

    def _create(self, title: str) -> Reply:
        reply = self.user.post("tasks/", {"title": title})
        if reply.status == 201:
            self._tasks.append(reply.json["id"])
        return reply

    def _update(self, task: str, title: str) -> Reply:
        return self.user.put(f"tasks/{task}/", {"title": title})

    def _delete(self, task: str) -> Reply:
        return self.user.delete(f"tasks/{task}/")


def assert_log_is_what_was_acknowledged(log: list[dict[str, Any]], writer: Writer) -> None:
    """Assert that every acknowledged write is in the log once, in order, and nothing unasked."""
    marks = [mark_of(event) for event in log]
    at = 0
    for attempt in writer.attempts:
        if at < len(marks) and marks[at] == (attempt.action, attempt.mark):
            at += 1
        else:
            assert not attempt.acknowledged, f"{attempt} is not in the log at {at + 1}"
    assert at == len(marks), f"nobody asked for {marks[at:]}"


def assert_received_all(follower: Returning, log: list[dict[str, Any]]) -> None:
    """Assert that a client has got exactly the log, in order."""
    assert [event["seq"] for event in follower.events] == list(range(1, len(log) + 1))
    assert follower.events == log
