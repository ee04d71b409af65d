"""SQLite: long work of one statement holds up nobody, and ends."""

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from taskmaster.core import clock, concurrency, sqlite
from taskmaster.core.database import DATABASES
from tests.support.databases import ON_SQLITE

pytestmark = ON_SQLITE
LONG = text(
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :most)"
    " SELECT count(*) FROM n"
)


def test_others_have_their_turn_while_a_statement_runs(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns: list[float] = []
    monkeypatch.setattr(sqlite, "pause", lambda: turns.append(clock.monotonic()))
    with DATABASES.get(app).reading.connect() as connection:
        assert connection.scalar(LONG, {"most": 10}) == 10
        assert not turns
        assert connection.scalar(LONG, {"most": 1_000_000}) == 1_000_000
    assert len(turns) > 3
    assert turns[1] - turns[0] >= concurrency.TURN


def test_a_statement_that_only_reads_ends_in_time(app: Flask) -> None:
    with DATABASES.get(app).aside.connect() as connection:  # which has a second
        with pytest.raises(OperationalError, match="interrupted"):
            connection.scalar(LONG, {"most": 10**12})
        assert connection.scalar(LONG, {"most": 10}) == 10
