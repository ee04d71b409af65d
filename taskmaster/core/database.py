"""The database: one way to read, one to write, and others for health checks and the sweep.

SQLite lets one process write at a time and any number read beside it (WAL). So the default engine
has the only connection that writes, and the bind `reading` has several that cannot. PostgreSQL has
as many for both, and those of `reading` open no transactions.

Health checks and the sweep of the streams have a small engine of their own, `aside`: they never
wait for the connections that requests use. Work that may take long has one without time-outs.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass

from flask import Flask
from sqlalchemy import Connection, Engine, event

from ..extensions import ASIDE, LONG, READING, db
from . import engines, sqlite
from .current import RequestConnection, current_globals, return_connection
from .errors import OUTAGE
from .lines import Lines
from .slots import Slot

ASIDE_SECONDS = 1.0  # that a statement of `aside` may take
SEARCHES_AT_ONCE = 2  # of one user

Bound = dict[str | None, Engine]


@dataclass
class Databases:
    """The engines of an application beside the default one, and who waits for it."""

    reading: Engine
    aside: Engine
    long: Engine
    writers: Lines  # by user
    searchers: Lines  # by user
    gate: sqlite.Gate | None = None
    file: sqlite.DatabaseFile | None = None


DATABASES = Slot[Databases]("databases")


def init_app(app: Flask) -> None:
    """Bind the engines to this application."""
    app.config.from_mapping(engines.options(app.config))
    db.init_app(app)
    with app.app_context():
        bound = dict(db.engines)
    seconds, waiting = app.config["DB_TIMEOUT_SECONDS"], app.config["USER_WRITES_WAITING"]
    prepare = _prepare_sqlite if bound[None].dialect.name == "sqlite" else _prepare_postgresql
    lines = Lines(waiting, seconds), Lines(waiting, seconds, SEARCHES_AT_ONCE)
    DATABASES.fill(app, prepare(bound, lines, seconds))


def _prepare_sqlite(bound: Bound, lines: tuple[Lines, Lines], seconds: float) -> Databases:
    writing, reading, aside = bound[None], bound[READING], bound[ASIDE]
    file = sqlite.DatabaseFile(str(writing.url.database).removeprefix("file:"))
    sqlite.prepare(writing, sqlite.WRITER, seconds)
    sqlite.prepare(reading, sqlite.READER, seconds)
    sqlite.prepare(aside, sqlite.READER, ASIDE_SECONDS)
    for engine in bound.values():
        event.listen(engine, "connect", file.note)
    sqlite.Opening(writing, bound.values())
    return Databases(reading, aside, writing, *lines, sqlite.Gate(seconds), file)


def _prepare_postgresql(bound: Bound, lines: tuple[Lines, Lines], seconds: float) -> Databases:
    from . import postgresql  # psycopg: not before `concurrency` has told it how to wait

    writing, reading, aside, long = (bound[name] for name in (None, READING, ASIDE, LONG))
    postgresql.prepare(writing, seconds)
    postgresql.prepare(reading, seconds)
    postgresql.prepare(aside, ASIDE_SECONDS)
    postgresql.prepare(long, None)
    return Databases(reading, aside, long, *lines)


def reading() -> AbstractContextManager[Connection]:
    """Open a connection for statements that only read, or take the one that is kept."""
    kept: RequestConnection | None = current_globals().get("request_connection")
    if kept is None:
        return DATABASES.get().reading.connect()
    if kept.connection is None:
        kept.connection = DATABASES.get().reading.connect()
    return nullcontext(kept.connection)


@contextmanager
def writing(long: bool = False, resting_user: str = "") -> Iterator[Connection]:
    """Open a transaction: committed at the end of the block, rolled back if it raises.

    With `long`, statements have no time limit. On SQLite all writers share one connection, and
    `resting_user`, if given, waits longer for it after a long change (`sqlite.Gate`). Do not nest
    these blocks. Raise RuntimeError if `db.session` has written and not committed: on SQLite the
    two would wait for each other, on PostgreSQL they would be two separate transactions.
    """
    return_connection()
    if db.session.registry.has() and "writes" in db.session.info:
        raise RuntimeError("Commit db.session before you call a service: it may have written.")
    databases = DATABASES.get()
    engine = databases.long if long else db.engine
    turn = databases.gate.turn(resting_user) if databases.gate else nullcontext()
    with turn, engine.begin() as connection:
        yield connection
    OUTAGE.succeeded()  # reading may go on while nobody can write


@contextmanager
def searching_of(user_id: str) -> Iterator[Connection]:
    """Open a connection for reading what may take long: SEARCHES_AT_ONCE of one user have one.

    The others wait in line, without a connection. Raise ApiError (429, 503).
    """
    with DATABASES.get().searchers.turn(user_id), reading() as connection:
        yield connection


@contextmanager
def writing_of(user_id: str, prepare: Callable[[], object] = lambda: None) -> Iterator[Connection]:
    """Open a transaction that will lock what all writers of one user lock.

    They stand in line before they take a connection: however many they are, and however long
    one of them takes, they hold one connection of this process. `prepare` is the part of the work
    that needs none: it is called before, when it is this writer's turn. Raise ApiError (429, 503).
    """
    with DATABASES.get().writers.turn(user_id):
        prepare()
        with writing(resting_user=user_id) as connection:
            yield connection
