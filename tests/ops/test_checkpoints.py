"""SQLite's log is copied into its file beside the writers, and does not grow for ever."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from taskmaster.core.database import DATABASES, reading, writing
from taskmaster.core.sqlite import LARGE_LOG, DatabaseFile
from taskmaster.ops.checkpoints import checkpoint
from tests.support.databases import ON_SQLITE, Database

pytestmark = ON_SQLITE
PART = 2**20  # bytes
COUNT = text("SELECT count(*) FROM notes")


@pytest.fixture
def log(app: Flask, database: Database) -> Path:
    """The log of a database that has much of it."""
    with app.app_context():
        with writing() as connection:
            connection.execute(text("CREATE TABLE notes (body BLOB)"))
        write(2 * LARGE_LOG // PART)
    log = Path(f"{database.engine.url.database}-wal")
    assert log.stat().st_size > LARGE_LOG  # whoever commits does not copy it
    return log


def file_of(app: Flask) -> DatabaseFile:
    file = DATABASES.get(app).file
    assert file is not None
    return file


def write(parts: int) -> None:
    for _ in range(parts):
        with writing() as connection:
            connection.execute(text("INSERT INTO notes VALUES (zeroblob(:part))"), {"part": PART})


def test_a_large_log_begins_again(app: Flask, log: Path) -> None:
    with app.app_context():
        file = file_of(app)
        assert file.path.stat().st_size < LARGE_LOG
        checkpoint(file)
        assert file.path.stat().st_size > 2 * LARGE_LOG
        write(1)
        assert log.stat().st_size <= LARGE_LOG
        with reading() as connection:
            assert connection.scalar(COUNT) == 2 * LARGE_LOG // PART + 1


def test_what_a_reader_still_needs_is_copied_later(app: Flask, log: Path) -> None:
    file = file_of(app)
    with app.app_context(), reading() as connection:
        connection.execute(text("BEGIN"))
        assert connection.scalar(COUNT) == 2 * LARGE_LOG // PART
        write(1)
        checkpoint(file)
        write(1)
        assert log.stat().st_size > LARGE_LOG
        assert connection.scalar(COUNT) == 2 * LARGE_LOG // PART
        connection.execute(text("COMMIT"))
        checkpoint(file)
        write(1)
        assert log.stat().st_size <= LARGE_LOG


def test_a_file_that_was_put_in_its_place_is_left_alone(
    app: Flask, log: Path, tmp_path: Path
) -> None:
    file = file_of(app)
    file.path.unlink()
    with app.app_context():
        checkpoint(file)
        assert not file.path.exists()
        with closing(sqlite3.connect(tmp_path / "another.db")) as connection:
            connection.execute("CREATE TABLE another (id)")
        another = (tmp_path / "another.db").rename(file.path).read_bytes()
        checkpoint(file)
        assert file.path.read_bytes() == another
