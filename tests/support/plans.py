"""How each database would run a statement."""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from typing import Any

import psycopg
from sqlalchemy import Engine, event

from tests.support.databases import Database


class Statements:
    """What the engines are asked to run, while this is in use."""

    def __init__(self, engines: Iterable[Engine]) -> None:
        self.engines = list(engines)
        self.seen: list[tuple[str, Any]] = []

    def __enter__(self) -> "Statements":
        for engine in self.engines:
            event.listen(engine, "before_cursor_execute", self._note)
        return self

    def __exit__(self, *_: object) -> None:
        for engine in self.engines:
            event.remove(engine, "before_cursor_execute", self._note)

    def _note(self, _c: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        self.seen.append((statement, parameters))


def plan(database: Database, statement: str, parameters: Any) -> str:
    """Return the plan of a statement as the driver got it.

    PostgreSQL is told to avoid reading whole tables, which it prefers for a handful of rows.
    """
    if database.backend == "sqlite":
        with closing(sqlite3.connect(database.url.removeprefix("sqlite:///"))) as file:
            return _text(file.execute(f"EXPLAIN QUERY PLAN {statement}", parameters))
    with psycopg.connect(database.url, cursor_factory=psycopg.RawCursor) as connection:
        connection.execute("SET enable_seqscan = off")
        return _text(connection.execute(f"EXPLAIN {statement}", parameters))


def primary_key(database: Database, table: str = "tasks") -> str:
    """Return the name that a table's primary key has in the plans of a database."""
    return f"sqlite_autoindex_{table}_1" if database.backend == "sqlite" else f"pk_{table}"


def _text(rows: Iterable[Any]) -> str:
    return "\n".join(str(row[-1]) for row in rows)
