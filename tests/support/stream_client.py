"""What the clients of all transports have in common: they collect what comes, in order."""

import threading
from collections.abc import Callable
from typing import Any

from werkzeug.datastructures import Headers

from tests.support.api import Reply
from tests.support.waiting import wait_until

NAMESPACE = "/ws/tasks"
ACTIONS = ("task_create", "task_update", "task_delete")
CONTROLS = ("stream_ready", "stream_reset", "stream_closed", "token_expiring", "authenticated",
            "error")  # fmt: skip


def start_thread(target: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=target, daemon=True)
    thread.start()
    return thread


class RefusedError(Exception):
    """The server did not let the client in; `code` says why, and `reply` is HTTP's, if it was."""

    def __init__(self, why: str | Reply) -> None:
        self.reply = why if isinstance(why, Reply) else Reply(0, Headers(), b"")
        self.code = str(why.json["code"]) if isinstance(why, Reply) else why
        super().__init__(self.code)


class StreamClient:
    """What a client has received. Connects when it is made; raises RefusedError."""

    in_header = True  # the token, and so a refusal before anything else

    def __init__(
        self,
        url: str,
        token: str | None,
        since: Any = None,
        origin: str | None = None,
        silent: bool = False,
    ) -> None:
        self.url, self.token, self.since = url, token, since
        self.origin, self.silent = origin, silent
        self.received: list[tuple[str, dict[str, Any]]] = []
        self.ended = threading.Event()
        self.connect()

    def connect(self) -> None:
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError

    def of(self, *names: str) -> list[dict[str, Any]]:
        """Return the bodies of the messages with one of these names."""
        return [body for name, body in tuple(self.received) if name in names]

    @property
    def events(self) -> list[dict[str, Any]]:
        return self.of(*ACTIONS)

    @property
    def seqs(self) -> list[int]:
        return [event["seq"] for event in self.events]

    def wait(self, name: str, seconds: float = 30) -> dict[str, Any]:
        """Return the first message of a name, once it is there."""
        wait_until(lambda: self.of(name), seconds, what=f"{name}, after {self.received[-3:]}")
        return self.of(name)[0]

    def wait_for_events(self, count: int, seconds: float = 30) -> list[dict[str, Any]]:
        """Return the events, once there are that many."""
        wait_until(lambda: len(self.events) >= count, seconds, what=f"{count} events")
        return self.events

    def wait_for_end(self, seconds: float = 30) -> None:
        assert self.ended.wait(seconds), "the connection was not ended"
