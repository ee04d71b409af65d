"""How each database would run a statement."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Engine, event, text

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
    prefix = "EXPLAIN QUERY PLAN " if database.backend == "sqlite" else "EXPLAIN "
    with database.engine.connect() as connection:
        if database.backend == "postgresql":
            connection.execute(text("SET enable_seqscan = off"))
        return _rows(connection, prefix + statement, parameters)


def primary_key(database: Database, table: str = "tasks") -> str:
    """Return the name that a table's primary key has in the plans of a database."""
    return f"sqlite_autoindex_{table}_1" if database.backend == "sqlite" else f"pk_{table}"


def _rows(connection: Connection, statement: str, parameters: Any) -> str:
    rows = connection.exec_driver_sql(statement, parameters).all()
    return "\n".join(str(row[-1]) for row in rows)
