"""What the bench knows of a server: how to prepare, seed and start it, and how to put each call."""

import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import requests

from bench import usage
from bench.environment import PROJECT, ROOT, Environment
from bench.http import NUMBER, Connection, request
from tests.support.process import Process, free_port
from tests.support.settings import machine_environ
from tests.support.waiting import wait_until

PASSWORD = "correct horse battery"
SECRET = "only-for-this-benchmark-0123456789abcdef"
KNOWN = 200  # of so many accounts the bench keeps a token
TASK = {"title": "Water the plants", "description": "All of them, also those on the balcony"}


@dataclass(frozen=True)
class Account:
    """Somebody with tasks: the ids of the user and of the last task, and a token."""

    id: str
    username: str
    token: str
    task: str


@dataclass(frozen=True)
class Place:
    """Where a server keeps what it stores, and with how many processes it runs."""

    directory: Path
    database_url: str
    processes: int = 1
    redis_url: str = ""


class Server(ABC):
    """A server of tasks. `prepare`, `seed` and `start` come in this order."""

    name: ClassVar[str]
    backends: ClassVar[Sequence[str]] = ("sqlite", "postgresql")
    most_processes: ClassVar[int] = 64
    health: ClassVar[str] = "/livez"
    environment: ClassVar[Environment] = PROJECT
    hash_scheme: ClassVar[str] = ""
    replays: ClassVar[bool] = False

    def __init__(self, place: Place) -> None:
        self.place, self.port, self.label = place, free_port(), self.name
        self.accounts: list[Account] = []
        self.start_seconds, self.start_memory = 0.0, list[float]()
        log = place.directory / f"{self.name}.log"
        self.process = Process(self.command(), log, self.environ(), place.directory)

    @property
    def python(self) -> str:
        """Return the interpreter of its environment."""
        return self.environment.program("python")

    @abstractmethod
    def command(self) -> list[str]:
        """Return the command that serves."""

    @abstractmethod
    def calls(self, account: Account) -> Mapping[str, bytes]:
        """Return the request of each row that this server has, in the name of an account."""

    def create(self, account: Account, tasks: Sequence[Any]) -> bytes:
        """Return the request that creates tasks, by a bulk where there are several."""
        raise NotImplementedError

    def environ(self) -> dict[str, str]:
        """Return the environment it runs in."""
        return machine_environ() | {
            "PYTHONPATH": str(ROOT),
            "SECRET_KEY": SECRET,
            "DATABASE_URL": self.place.database_url,
            "REDIS_URL": self.place.redis_url,
        }

    def prepare(self) -> None:  # noqa: B027 - a floor has none
        """Make the tables."""

    @abstractmethod
    def seed(self, users: int, tasks: int) -> None:
        """Give each of so many users so many tasks, straight into the database."""

    def start(self) -> None:
        """Start it, and note how long the first answer took and what each process weighs."""
        begun = time.perf_counter()
        self.process.start()
        wait_until(self._answers, 30, every=0.005, what=f"{self.name}: {self.process.text()}")
        self.start_seconds = time.perf_counter() - begun
        self.start_memory = usage.memory(self.process.pid)

    def stop(self) -> None:
        """Stop it."""
        self.process.stop()

    def messages(self, row: str) -> list[bytes]:
        """Return the requests of a row, one for each account; none if it has no such row."""
        each = [self.calls(account).get(row) for account in self.accounts]
        return [message for message in each if message]

    def handshake(self, account: Account, since: int | None = None) -> bytes:
        """Return what opens a stream; `since` asks for a replay."""
        query = "" if since is None else f"?since={since}"
        upgrade = (
            b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        return request("GET", f"/ws/tasks/{query}", account.token)[:-2] + upgrade

    opened: ClassVar[bytes] = b"\r\n\r\n"  # what a stream has received when it is open
    # What a stream sends now and then, so that the server sees it lives: a pong nobody asked for.
    alive: ClassVar[bytes] = b"\x8a\x80\0\0\0\0"

    async def subscribe(  # noqa: B027 - most have nothing left to do
        self, received: bytes, account: Account, calls: Connection
    ) -> None:
        """Do what is left to do once a stream is open."""

    def _answers(self) -> bool:
        assert self.process.running, f"{self.name} ended:\n{self.process.text()}"
        try:
            return requests.get(f"http://127.0.0.1:{self.port}{self.health}", timeout=5).ok
        except (requests.ConnectionError, requests.Timeout):
            return False


class RestServer(Server):
    """A server with the URLs and bodies of our API: the project itself and the Python peers."""

    def calls(self, account: Account) -> Mapping[str, bytes]:
        """Return the request of each row."""
        tasks, task = "/api/v1/tasks/", f"/api/v1/tasks/{account.task}/"
        call = partial(request, token=account.token)
        credentials = {"username": account.username, "password": PASSWORD}
        return {
            "list of 10": call("GET", tasks),
            "list of 100": call("GET", f"{tasks}?page_size=100"),
            "one task": call("GET", task),
            "create": self.create(account, [TASK]),
            "update": call("PATCH", task, body={"title": f"Water {NUMBER}"}),
            "bulk of 100": self.create(account, [TASK] * 100),
            "log-in": request("POST", "/api/v1/auth/login/", body=credentials),
        }

    def create(self, account: Account, tasks: Sequence[Any]) -> bytes:
        """Return the request that creates tasks, by a bulk where there are several."""
        if len(tasks) == 1:
            return request("POST", "/api/v1/tasks/", account.token, tasks[0])
        operations = [{"action": "create", "task": task} for task in tasks]
        body = {"operations": operations}
        return request("POST", "/api/v1/tasks/bulk/", account.token, body)
