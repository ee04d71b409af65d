"""Where servers are set up: fresh directories, a PostgreSQL and a Redis of the run's own."""

import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from typing import NamedTuple, Self

from tests.support.postgres import PostgresServer
from tests.support.redis import RedisServer

from .servers.base import Place, Server

NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
# As it is delivered, but for a cache that fits the machine.
POSTGRES = "-c shared_buffers=512MB"


class Setting(NamedTuple):
    """On which database, and with how many processes."""

    backend: str
    processes: int

    def __str__(self) -> str:
        return f"{NAMES[self.backend]}, {self.processes} process" + "es" * (self.processes > 1)


class Stage:
    """Starts servers; everything that it started or stored is gone at the end."""

    def __init__(self) -> None:
        self._numbers, self._stack = count(), ExitStack()
        self._postgres: PostgresServer | None = None
        self._redis: RedisServer | None = None
        self._directory = Path(tempfile.mkdtemp(prefix="taskmaster-bench-"))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()
        shutil.rmtree(self._directory, ignore_errors=True)

    @contextmanager
    def serving(
        self,
        kinds: Iterable[Callable[[Place], Server]],
        setting: Setting,
        users: int,
        tasks: int,
        redis: bool = False,
    ) -> Iterator[list[Server]]:
        """Prepare, seed and start servers, one after the other; stop them at the end."""
        with ExitStack() as stack:
            servers = []
            for kind in kinds:
                server = kind(self.place(setting, redis))
                server.prepare()
                server.seed(users, tasks)
                stack.callback(server.stop)
                server.start()
                servers.append(server)
            yield servers

    def place(self, setting: Setting, redis: bool = False) -> Place:
        """Return a fresh place with an empty database."""
        number = next(self._numbers)
        directory = self._directory / str(number)
        directory.mkdir()
        url = f"sqlite:///{directory}/bench.sqlite3"
        if setting.backend == "postgresql":
            url = self._postgresql().create_database(f"bench_{number}")
        return Place(directory, url, setting.processes, self._redis_url() if redis else "")

    def _postgresql(self) -> PostgresServer:
        if not self._postgres:
            self._postgres = PostgresServer(POSTGRES)
            self._postgres.start()
            self._stack.callback(self._postgres.remove)
        return self._postgres

    def _redis_url(self) -> str:
        if not self._redis:
            self._redis = RedisServer(self._directory)
            self._redis.start()
            self._stack.callback(self._redis.stop)
        return self._redis.url
