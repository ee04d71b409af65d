"""SQLite's log (WAL) is copied into its file by a thread.

Otherwise whoever commits does it now and then, and holds up everybody meanwhile: for 0.7 s where
a log of 440 MiB had waited for a reader.
"""

import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path

from flask import Flask

from ..core import lifecycle
from ..core.concurrency import in_thread
from ..core.database import DATABASES
from ..core.sqlite import LARGE_LOG, DatabaseFile

EVERY = 0.5  # seconds
TRIES = 10  # new changes come while it copies


def init_app(app: Flask) -> None:
    """Look for what to copy, while the application serves."""
    if file := DATABASES.get(app).file:
        lifecycle.every(app, EVERY, partial(checkpoint, file), "checkpoint")


def checkpoint(file: DatabaseFile) -> None:
    """Copy the log of a database if it is large. It then begins at its start again."""
    log = Path(f"{file.path}-wal")
    if not file.fault() and log.exists() and log.stat().st_size > LARGE_LOG:
        in_thread(_copy, file.path)


def _copy(path: Path) -> None:
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True)) as connection:
        for _ in range(TRIES):
            _, pages, copied = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            if pages == copied:
                return
