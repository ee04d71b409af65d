"""The database: one way to read, one to write.

SQLite lets one process write at a time and any number read beside it (WAL). So it has two
engines: the default one has the only connection that writes, the bind `reading` has several that
cannot. PostgreSQL has one engine, which reads without opening transactions.
"""

import sqlite3
from contextlib import AbstractContextManager
from typing import Any

from flask import Flask, current_app
from sqlalchemy import Connection, Engine, event

from ..extensions import READING, db


def init_app(app: Flask) -> None:
    """Bind the engines to this application."""
    db.init_app(app)
    with app.app_context():
        writing, reading = db.engine, db.engines.get(READING)
    if reading is None:
        # Many rows as one INSERT: psycopg's own way takes several times as long.
        writing.dialect.use_insertmanyvalues_wo_returning = True
        reading = writing.execution_options(isolation_level="AUTOCOMMIT")
    else:
        event.listen(writing, "connect", _prepare_writer)
        event.listen(reading, "connect", _prepare_reader)
    app.extensions["reading_engine"] = reading


def _prepare_writer(connection: sqlite3.Connection, _: Any) -> None:
    # NORMAL under WAL: a power cut may take the last commits, a killed process takes none.
    _run(connection, "journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON")


def _prepare_reader(connection: sqlite3.Connection, _: Any) -> None:
    _run(connection, "query_only=ON")


def _run(connection: sqlite3.Connection, *pragmas: str) -> None:
    for pragma in (*pragmas, "cache_size=-16000"):  # KiB
        connection.execute(f"PRAGMA {pragma}")


def reading_engine(app: Flask) -> Engine:
    """Return the engine for statements that only read, each on its own."""
    engine: Engine = app.extensions["reading_engine"]
    return engine


def reading() -> Connection:
    """Open a connection for statements that only read."""
    return reading_engine(current_app).connect()


def writing() -> AbstractContextManager[Connection]:
    """Open a transaction: committed at the end of the block, rolled back if it raises.

    SQLite has one connection for it. Never open a second one inside.
    """
    return db.engine.begin()
