"""Fresh, migrated databases at the price of a copy: the migrations run once per test process."""

import shutil
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Protocol

import flask_migrate
import pytest
from sqlalchemy import Engine, NullPool, create_engine, text

import config
from taskmaster import create_app
from taskmaster.extensions import db
from tests.support.postgres import PostgresServer
from tests.support.settings import ROOT, settings_for

BACKENDS = ("sqlite", "postgresql")
ON_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
WAITING = """
SELECT count(*) FROM pg_stat_activity
WHERE wait_event_type = 'Lock' AND datname = current_database()
"""


@dataclass(frozen=True)
class Database:
    """One migrated database, empty at first, of one test or one module."""

    backend: str
    url: str

    @property
    def engine(self) -> Engine:
        """An engine beside the application's own, for a look at tables. It keeps no connection."""
        url = self.url.replace("postgresql://", "postgresql+psycopg://", 1)
        return create_engine(url, poolclass=NullPool)

    @property
    def name(self) -> str:
        """Its name on a server of PostgreSQL."""
        return self.url.rpartition("/")[2]

    def set_default(self, setting: str) -> None:
        """Set what new connections to it have: `name = value`, on PostgreSQL."""
        with self.engine.begin() as connection:
            connection.execute(text(f"ALTER DATABASE {self.name} SET {setting}"))

    def has_waiter(self) -> bool:
        """Tell whether somebody waits for a lock in it, on PostgreSQL."""
        with self.engine.connect() as connection:
            return bool(connection.scalar(text(WAITING)))


class Template(Protocol):
    """What makes databases of one backend."""

    def create(self) -> Database: ...
    def drop(self, database: Database) -> None: ...


class SQLiteTemplate:
    """Copy a migrated file."""

    def __init__(self, directory: Path) -> None:
        self._directory, self._numbers = directory, count()
        self._template = directory / "template.sqlite3"
        migrate(f"sqlite:///{self._template.as_posix()}")

    def create(self) -> Database:
        path = self._directory / f"{next(self._numbers)}.sqlite3"
        shutil.copyfile(self._template, path)
        return Database("sqlite", f"sqlite:///{path.as_posix()}")

    def drop(self, database: Database) -> None:
        path = Path(database.url.removeprefix("sqlite:///"))
        for suffix in ("", "-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)


class PostgresTemplate:
    """Let PostgreSQL copy a migrated database."""

    def __init__(self, server: PostgresServer) -> None:
        self._server, self._numbers = server, count()
        migrate(server.create_database("template"))

    def create(self) -> Database:
        name = f"test_{next(self._numbers)}"
        return Database("postgresql", self._server.create_database(name, "template"))

    def drop(self, database: Database) -> None:
        self._server.drop_database(database.name)


def migrate(url: str, revision: str = "head") -> None:
    """Bring a database to a revision by the project's own migrations."""
    app = create_app(config.load(settings_for(url)))
    with app.app_context():
        try:
            flask_migrate.upgrade(directory=str(ROOT / "migrations"), revision=revision)
        finally:
            dispose_engines()


def dispose_engines() -> None:
    """Close the pooled connections of the current application."""
    for engine in db.engines.values():
        engine.dispose()
