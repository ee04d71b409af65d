"""SQLite: what each connection is told, so that neither a wait nor long work holds up others.

The library works and waits inside C, where green threads stand still with it. So it is told not
to wait at all, and who finds the file locked by another process tries again: at once, since most
changes are over soon, then after a pause. And while a statement runs, it calls back after some
steps, which is when others have their turn.
"""

import os
import shutil
import sqlite3
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Engine, event, exc
from sqlalchemy.engine import ExceptionContext, ExecutionContext
from sqlalchemy.pool import ConnectionPoolEntry

from . import clock
from .concurrency import TURN, block, pause

R = TypeVar("R")
FIRST_PAUSE, LONGEST_PAUSE = 0.0005, 0.01  # seconds
RETRY = 0.0001  # seconds between two tries of one TURN: most changes are over within it
STEPS = 1000  # of SQLite's virtual machine between two calls back: some ten microseconds

ROOM = 2**16  # bytes; with less on the disk, hardly any change succeeds
LARGE_LOG = 2**24  # bytes; then ops/checkpoints.py copies it into the file

# NORMAL under WAL: a power cut may take the last commits, a killed process takes none.
WRITER = (
    "journal_mode=WAL",
    "synchronous=NORMAL",
    "foreign_keys=ON",
    "wal_autocheckpoint=250000",  # pages (1 GiB): commands run no checkpoint thread
    f"journal_size_limit={LARGE_LOG}",
)
READER = ("query_only=ON",)
OPENING = "opening"  # in a connection's record: the number of its opening of the file


class Gate:
    """Where the writers of this process wait for the one connection that writes.

    A pool would wake one writer each turn of the event loop. But most changes end before anything
    else runs, so the gate wakes several. A writer that finds the connection taken waits again.

    If a change took longer than TURN, including the wait for SQLite's lock, the next change of its
    user begins only after twice that time, at most LONGEST_REST. SQLite gives its lock in no order,
    so otherwise whoever writes most would hold it most of the time.
    """

    CALLED = 3
    REST, LONGEST_REST = 2, 1.0  # times as long as the change took; seconds

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._taken = False
        self._free = threading.Condition(threading.Lock())
        self._rests = dict[str, float]()  # until when, by user

    @contextmanager
    def turn(self, user_id: str = "") -> Iterator[None]:
        """Have it to the end of the block. Raise TimeoutError (SQLAlchemy's), as a pool does."""
        if (left := self._rests.get(user_id, 0) - clock.monotonic()) > 0:
            pause(left)
        with self._free:
            if not self._free.wait_for(lambda: not self._taken, self._seconds):
                raise exc.TimeoutError("The connection that writes was not free in time.")
            self._taken = True
        begun = clock.monotonic()
        try:
            yield
        finally:
            with self._free:
                self._taken = False
                self._free.notify(self.CALLED)
                self._let_rest(user_id, clock.monotonic() - begun)

    def _let_rest(self, user_id: str, took: float) -> None:
        if user_id and took > TURN:
            now = clock.monotonic()
            self._rests = {one: until for one, until in self._rests.items() if until > now}
            self._rests[user_id] = now + min(self.REST * took, self.LONGEST_REST)


class Statement:
    """The statement that a connection runs: others have turns meanwhile, and it may be ended."""

    def __init__(self, seconds: float | None) -> None:
        self._seconds = seconds
        self.begin()

    def begin(self) -> None:
        """Note that a statement begins."""
        self._begun = self._turn = clock.monotonic()

    def progress(self) -> bool:
        """Let others run after TURN seconds; return true to end the statement, as SQLite asks."""
        now = clock.monotonic()
        if now - self._turn > TURN:
            pause()
            self._turn = clock.monotonic()
        return self._seconds is not None and now - self._begun > self._seconds


def prepare(engine: Engine, pragmas: tuple[str, ...], seconds: float) -> None:
    """Let each connection of an engine begin with pragmas, and wait for a lock so long at most.

    A read may take as long; a write has no limit.
    """
    limit = seconds if pragmas == READER else None

    def begin(connection: sqlite3.Connection, record: ConnectionPoolEntry) -> None:
        for pragma in (*pragmas, "cache_size=-16000"):  # KiB
            patiently(seconds, connection.execute, f"PRAGMA {pragma}")
        record.info[Statement] = statement = Statement(limit)
        connection.set_progress_handler(statement.progress, STEPS)

    def execute(
        method: str, cursor: sqlite3.Cursor, sql: str, rows: Any, context: ExecutionContext
    ) -> bool:
        context.root_connection.info[Statement].begin()
        patiently(seconds, getattr(cursor, method), sql, rows)
        return True

    event.listen(engine, "connect", begin)
    event.listen(engine, "do_execute", partial(execute, "execute"))
    event.listen(engine, "do_executemany", partial(execute, "executemany"))


class Opening:
    """Opens the file again as soon as a change finds its connection read-only.

    Such a connection stays read-only when the file may be written again. A new one is read-only
    too while any other is open, because they share the `-shm`. So all are closed, those in use
    when they come back to their pool.
    """

    def __init__(self, writing: Engine, engines: Collection[Engine]) -> None:
        self._engines = engines
        self._number = 1
        event.listen(writing, "handle_error", self._look)
        for engine in engines:
            event.listen(engine, "connect", self._note)
            event.listen(engine, "checkin", self._leave)

    def _note(self, _: object, record: ConnectionPoolEntry) -> None:
        record.info[OPENING] = self._number

    def _leave(self, _: object, record: ConnectionPoolEntry) -> None:
        if record.info.get(OPENING) != self._number:
            record.invalidate()

    def _look(self, context: ExceptionContext) -> None:
        code = getattr(context.original_exception, "sqlite_errorcode", None) or 0
        if code & 0xFF != sqlite3.SQLITE_READONLY:
            return
        self._number += 1
        context.is_disconnect = True
        if running := context.execution_context:
            running.cursor.close()  # SQLite closes no connection sooner
        for engine in self._engines:
            engine.dispose()


def patiently(seconds: float, act: Callable[..., R], *args: Any) -> R:
    """Return `act(*args)`; retry while the file is locked; after `seconds` raise OperationalError.

    For one TURN it retries without letting green threads run, because a busy event loop would
    come back much later. Then it pauses so that others run, and starts over.

    Only the first statement of a transaction can find the file locked (IMMEDIATE, WAL), so
    nothing is done twice.
    """
    deadline, turn_end, wait = None, None, FIRST_PAUSE
    while True:
        try:
            return act(*args)
        except sqlite3.OperationalError as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF != sqlite3.SQLITE_BUSY:
                raise
            now = clock.monotonic()
            deadline, turn_end = deadline or now + seconds, turn_end or now + TURN
            if now >= deadline:
                raise
        if now < turn_end:
            block(RETRY)
        else:
            pause(wait)
            turn_end, wait = None, min(wait * 2, LONGEST_PAUSE)


class DatabaseFile:
    """The file as this process has opened it, which may not be the one that is there now."""

    def __init__(self, path: str) -> None:
        self.path = Path(path)
        self._opened: tuple[int, int] | None = None

    def note(self, *_: object) -> None:
        """Remember the file that the first connection was opened to."""
        if self._opened is None:
            self._opened = self._identity()

    def fault(self) -> str | None:
        """Return what has become of the file; None if it is what it was."""
        try:
            if self._identity() != (self._opened or self._identity()):
                return "the file was replaced"
            if not all(os.access(path, os.W_OK) for path in self._present()):
                return "the file is read-only"
            return None if self.path.stat().st_size else "the file is empty"
        except FileNotFoundError:
            return "the file is missing"

    def shortage(self) -> str | None:
        """Say if the disk is full. Some of it is reserved for root."""
        disk = shutil.disk_usage(self.path)
        is_root = os.name == "posix" and os.geteuid() == 0
        free = disk.total - disk.used if is_root else disk.free
        return "the disk is full" if free < ROOM and disk.total else None  # 0 means unknown

    def _present(self) -> list[Path]:
        beside = (self.path.with_name(self.path.name + end) for end in ("-wal", "-shm"))
        return [self.path, *(path for path in beside if path.exists())]

    def _identity(self) -> tuple[int, int]:
        found = self.path.stat()
        return found.st_dev, found.st_ino
