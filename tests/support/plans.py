"""How each database would run a statement."""

from typing import Any

from sqlalchemy import Connection, Engine, event, text

from tests.support.databases import Database


class Statements:
    """What an engine is asked to run, while this is in use."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.seen: list[tuple[str, Any]] = []

    def __enter__(self) -> "Statements":
        event.listen(self.engine, "before_cursor_execute", self._note)
        return self

    def __exit__(self, *_: object) -> None:
        event.remove(self.engine, "before_cursor_execute", self._note)

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


def _rows(connection: Connection, statement: str, parameters: Any) -> str:
    rows = connection.exec_driver_sql(statement, parameters).all()
    return "\n".join(str(row[-1]) for row in rows)
