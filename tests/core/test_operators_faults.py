"""What is done to a database beside the processes that serve is an outage, and ends."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from taskmaster.core.database import DATABASES, reading
from taskmaster.extensions import db
from tests.support.api import User
from tests.support.asserts import assert_problem
from tests.support.databases import ON_SQLITE, Database, dispose_engines

PREPARED = 6  # psycopg prepares a statement that a connection runs for the sixth time


@pytest.fixture
def make_app(make_app: Callable[..., Flask]) -> Callable[..., Flask]:
    """As users get it: in tests Flask would let errors through."""
    return lambda **settings: make_app(ENVIRONMENT="development", **settings)


def execute(database: Database, statement: str) -> None:
    with database.engine.begin() as connection:
        connection.execute(text(statement))


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_column_gets_another_type(user: User, database: Database) -> None:
    """PostgreSQL refuses what was prepared before, for as long as its connection is open."""
    user.create_task("One")
    for _ in range(PREPARED):
        assert user.get("tasks/").status == 200
    execute(database, "ALTER TABLE tasks ALTER title TYPE varchar(500)")
    assert_problem(user.get("tasks/"), 503, "unavailable")
    assert user.get("tasks/").status == 200


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_no_connection_keeps_what_was_prepared_before(app: Flask, database: Database) -> None:
    execute(database, "CREATE TABLE notes (id integer)")
    query = text("SELECT id FROM notes")
    with app.app_context():
        engine = DATABASES.get().reading
        with engine.connect() as one, engine.connect() as other:
            for connection in [one, other] * PREPARED:
                connection.execute(query)
        execute(database, "ALTER TABLE notes ALTER id TYPE bigint")
        with pytest.raises(Exception, match="cached plan"), reading() as connection:
            connection.execute(query)
        with engine.connect() as one, engine.connect() as other:
            for connection in (one, other):
                assert connection.execute(query).all() == []


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_the_role_may_not_write(user: User, database: Database, app: Flask) -> None:
    database.set_default("role = pg_read_all_data")
    with app.app_context():
        db.engine.dispose()
    assert_problem(user.post("tasks/", {"title": "One"}), 503, "unavailable")


@ON_SQLITE
@pytest.mark.parametrize("begin", [0, 4096], ids=["header", "pages"])
def test_the_file_is_damaged(user: User, database: Database, app: Flask, begin: int) -> None:
    with app.app_context():
        dispose_engines()
    path = Path(database.url.removeprefix("sqlite:///"))
    path.write_bytes(path.read_bytes()[:begin].ljust(path.stat().st_size, b"U"))
    assert_problem(user.get("tasks/"), 503, "unavailable")
    assert_problem(user.post("tasks/", {"title": "One"}), 503, "unavailable")
    checks = user.get("/readyz").json["checks"]
    assert checks["migrations"] == checks["database"] == "failed: the file is damaged"
