"""The database: one way to read, one to write."""

import sqlite3
from contextlib import AbstractContextManager
from typing import Any

from flask import Flask, current_app
from sqlalchemy import Connection, Engine, event

from ..extensions import db


def init_app(app: Flask) -> None:
    """Bind the engine to this application."""
    db.init_app(app)
    with app.app_context():
        engine = db.engine
        if engine.dialect.name == "sqlite":
            event.listen(engine, "connect", _prepare_sqlite)
            app.extensions["reading_engine"] = engine  # reads stand outside transactions anyway
        else:
            # Many rows as one INSERT: psycopg's own way takes several times as long.
            engine.dialect.use_insertmanyvalues_wo_returning = True
            app.extensions["reading_engine"] = engine.execution_options(
                isolation_level="AUTOCOMMIT"
            )


def _prepare_sqlite(connection: sqlite3.Connection, _: Any) -> None:
    # NORMAL under WAL: a power cut may take the last commits, a killed process takes none.
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "foreign_keys=ON",
        "cache_size=-16000",
    ):
        connection.execute(f"PRAGMA {pragma}")


def reading_engine(app: Flask) -> Engine:
    """Return the engine for statements that only read, each on its own."""
    engine: Engine = app.extensions["reading_engine"]
    return engine


def reading() -> Connection:
    """Open a connection for statements that only read. Never open a second one inside."""
    return reading_engine(current_app).connect()


def writing() -> AbstractContextManager[Connection]:
    """Open a transaction: committed at the end of the block, rolled back if it raises."""
    return db.engine.begin()
