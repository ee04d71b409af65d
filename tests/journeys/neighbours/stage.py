"""A server as users run it, on what it needs, and the bystanders beside it."""

import os
from itertools import count
from pathlib import Path
from typing import NamedTuple

from tests.journeys.neighbours.bystanders import Bystanders
from tests.support.databases import Database
from tests.support.postgres import PostgresServer
from tests.support.process import Process
from tests.support.redis import RedisServer
from tests.support.server import Server

# The limits are in force. Callers name their addresses, as a proxy in front would.
SETTINGS = {"RATELIMIT_ENABLED": "true", "TRUSTED_PROXIES": 1}


class Setup(NamedTuple):
    """What the server runs on."""

    name: str
    backend: str
    processes: int


ONE = Setup("SQLite 1", "sqlite", 1)
TWO = Setup("SQLite 2", "sqlite", 2)
LARGE = Setup("PostgreSQL 2", "postgresql", 2)  # with Redis
SETUPS = (ONE, TWO, LARGE)


class PipedServer(Server):
    """A server whose log goes through a pipe to a reader, as under a container's engine."""

    def __init__(self, database: Database, directory: Path, **settings: object) -> None:
        pipe = directory / "pipe"
        os.mkfifo(pipe)
        self.reader = Process(["cat", str(pipe)], directory / "server.log")
        super().__init__(database.url, pipe, **settings)  # type: ignore[arg-type]

    def start(self) -> None:
        """Start the reader, then the server."""
        self.reader.start()
        super().start()

    def stop(self) -> None:
        """Stop the server. Its reader then comes to the end."""
        super().stop()
        self.reader.stop()

    def text(self) -> str:
        """Return what has come through the pipe."""
        return self.reader.text()


class Stage:
    """The server of one setup and its bystanders. Both can be replaced by fresh ones."""

    def __init__(
        self,
        setup: Setup,
        database: Database,
        directory: Path,
        postgres: PostgresServer | None = None,
        redis: RedisServer | None = None,
    ) -> None:
        self.setup, self.database, self.directory = setup, database, directory
        self.postgres, self.redis = postgres, redis
        settings = SETTINGS | {"WEB_CONCURRENCY": setup.processes}
        settings |= {"REDIS_URL": redis.url} if redis else {}
        self.server = PipedServer(database, directory, **settings)
        self.bystanders: Bystanders | None = None
        self._numbers = count()

    def play(self, users: int, pause: float) -> Bystanders:
        """Return so many bystanders, who pause between their turns; server and all, if need be."""
        if self.bystanders and self.bystanders.crowd != (users, pause):
            self.close()
        if not self.bystanders:
            self.server.start()
            output = self.directory / f"bystanders-{next(self._numbers)}.log"
            self.bystanders = Bystanders(self.server.url, self.server.pid, users, pause, output)
            self.bystanders.start()
        return self.bystanders

    def close(self) -> None:
        """Stop the server and the bystanders."""
        if self.bystanders:
            self.bystanders.stop()
            self.bystanders = None
        self.server.stop()
