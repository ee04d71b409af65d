"""The migrations make what the models say, there and back, on both databases."""

from collections.abc import Iterator
from typing import Any

import flask_migrate
import pytest
from click import ClickException
from flask import Flask
from sqlalchemy import Engine, MetaData, Table, event, inspect, select, text
from sqlalchemy.exc import DBAPIError
from structlog.testing import capture_logs

from taskmaster.extensions import Base, db
from taskmaster.ops import health, migrations
from tests.support.api import PASSWORD, Api, User, succeed
from tests.support.databases import Database
from tests.support.settings import ROOT

DIRECTORY = str(ROOT / "migrations")


@pytest.fixture
def in_app(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield


@pytest.mark.usefixtures("in_app")
def test_models_and_migrations_agree() -> None:
    flask_migrate.check(directory=DIRECTORY)  # exits with an error where they do not


@pytest.mark.usefixtures("in_app")
def test_down_to_nothing_and_up_again(database: Database) -> None:
    def tables() -> set[str]:
        return set(inspect(database.engine).get_table_names()) - {"alembic_version"}

    assert tables() == Base.metadata.tables.keys()
    flask_migrate.downgrade(directory=DIRECTORY, revision="base")
    assert tables() == set()
    flask_migrate.upgrade(directory=DIRECTORY)
    assert tables() == Base.metadata.tables.keys()
    flask_migrate.check(directory=DIRECTORY)


@pytest.mark.usefixtures("in_app")
def test_primary_keys_are_the_models(database: Database) -> None:
    """Alembic compares them with nothing."""
    found = inspect(database.engine)
    for table in Base.metadata.sorted_tables:
        expected = [column.name for column in table.primary_key]
        assert found.get_pk_constraint(table.name)["constrained_columns"] == expected


ALTER = "ALTER TABLE tasks"
TITLES = ("Ćafé 日本", "x", "water water")
WORDS = {"ćafé", "日本", "water", "the", "plants", "x"}


def reflected(database: Database, *names: str) -> list[Table]:
    """Return tables as a database has them, whatever the models say."""
    metadata = MetaData()
    metadata.reflect(database.engine)
    return [metadata.tables[name] for name in names]


def rows_of(database: Database, name: str) -> list[tuple[Any, ...]]:
    (table,) = reflected(database, name)
    names = sorted(table.c.keys())  # a table that was copied may have another order
    with database.engine.connect() as connection:
        found = connection.execute(select(*(table.c[name] for name in names)))
        return sorted((tuple(row) for row in found), key=repr)


@pytest.mark.usefixtures("in_app")
def test_search_text_of_tasks_there_and_back(user: User, database: Database) -> None:
    tasks = [{"title": title, "description": "The plants"} for title in TITLES * 30]
    operations = [{"action": "create", "task": task} for task in tasks]
    for _ in range(7):  # 630, more than the migration reads at once
        succeed(user.bulk(*operations))
    before = rows_of(database, "tasks")
    flask_migrate.downgrade(directory=DIRECTORY, revision="0001")
    old, words = rows_of(database, "tasks"), rows_of(database, "task_words")
    assert len(old) == len(before)
    assert {row[-1] for row in words} == WORDS
    assert len(words) == 210 * (4 + 3 + 3)
    flask_migrate.upgrade(directory=DIRECTORY)
    assert rows_of(database, "tasks") == before
    flask_migrate.downgrade(directory=DIRECTORY, revision="0001")
    assert (rows_of(database, "tasks"), rows_of(database, "task_words")) == (old, words)


@pytest.mark.usefixtures("in_app")
@pytest.mark.parametrize("place", ["CREATE INDEX", ALTER, "UPDATE tasks"])
def test_an_upgrade_is_made_whole_or_not_at_all(user: User, place: str) -> None:
    user.create_task("Café")
    flask_migrate.downgrade(directory=DIRECTORY, revision="0001")

    if place == ALTER and not db.engine.dialect.supports_alter:
        place = "_alembic_tmp_tasks"  # the table is copied

    def break_off(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if place in statement:
            raise KeyboardInterrupt

    event.listen(Engine, "before_cursor_execute", break_off)
    try:
        with pytest.raises(KeyboardInterrupt):
            flask_migrate.upgrade(directory=DIRECTORY)
    finally:
        event.remove(Engine, "before_cursor_execute", break_off)
    flask_migrate.upgrade(directory=DIRECTORY)
    assert succeed(user.get("tasks/?search=cafe"))["count"] == 1


@pytest.mark.usefixtures("in_app")
def test_who_is_not_active_does_not_come_back_by_a_downgrade(api: Api, database: Database) -> None:
    out, other = api.register(), api.register()
    deactivate = text("UPDATE users SET is_active = false WHERE id = :id")
    with database.engine.begin() as connection:
        connection.execute(deactivate, {"id": out.id})
    flask_migrate.downgrade(directory=DIRECTORY, revision="0002")
    flask_migrate.upgrade(directory=DIRECTORY)
    for user, status in ((out, 401), (other, 200)):
        body = {"username": user.username, "password": PASSWORD}
        assert api.post("auth/login/", body).status == status


@pytest.mark.usefixtures("in_app")
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_the_script_makes_what_the_migrations_make(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    flask_migrate.upgrade(directory=DIRECTORY, revision="base:head", sql=True)
    script = capsys.readouterr().out
    flask_migrate.downgrade(directory=DIRECTORY, revision="base")
    with database.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE alembic_version")
        connection.exec_driver_sql(script)
    flask_migrate.check(directory=DIRECTORY)


@pytest.mark.usefixtures("in_app")
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_the_script_refuses_to_leave_tasks_without_search_text(
    user: User, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    user.create_task()
    flask_migrate.downgrade(directory=DIRECTORY, revision="0001")
    capsys.readouterr()
    flask_migrate.upgrade(directory=DIRECTORY, revision="0001:0002", sql=True)
    with database.engine.begin() as connection, pytest.raises(DBAPIError, match="flask db upgrade"):
        connection.exec_driver_sql(capsys.readouterr().out)


@pytest.mark.usefixtures("in_app")
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_migration_does_not_hold_up_those_behind_it(app: Flask, database: Database) -> None:
    flask_migrate.downgrade(directory=DIRECTORY, revision="0003")
    with database.engine.connect() as dump:
        dump.execute(text("LOCK TABLE idempotency_keys IN ACCESS SHARE MODE"))
        with pytest.raises(ClickException, match="lock timeout"):
            flask_migrate.upgrade(directory=DIRECTORY)
    flask_migrate.upgrade(directory=DIRECTORY)
    assert app.test_client().get("/readyz").status_code == 200


@pytest.mark.usefixtures("in_app")
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_migration_waits_for_another_a_minute_at_most(database: Database) -> None:
    def hurry(_c: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> tuple[str, Any]:
        return statement.replace("'60s'", "'10ms'"), parameters

    event.listen(Engine, "before_cursor_execute", hurry, retval=True)
    try:
        with database.engine.connect() as other, capture_logs() as lines:
            other.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": 0x7461736B})
            with pytest.raises(ClickException, match="within a minute"):
                flask_migrate.upgrade(directory=DIRECTORY)
    finally:
        event.remove(Engine, "before_cursor_execute", hurry)
    assert [line["event"] for line in lines] == ["migration_waits"]


@pytest.mark.usefixtures("in_app")
def test_a_migration_that_is_wrong_keeps_its_traceback(database: Database) -> None:
    with database.engine.begin() as connection:
        connection.execute(text("DELETE FROM alembic_version"))
    with pytest.raises(DBAPIError, match="already exists"):
        flask_migrate.upgrade(directory=DIRECTORY)


@pytest.mark.usefixtures("in_app")
def test_a_newer_database_is_served_on(app: Flask, database: Database) -> None:
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    reply = app.test_client().get("/readyz")
    assert (reply.status_code, reply.json["status"]) == (200, "degraded")
    assert reply.json["checks"]["migrations"] == "newer than this version"


@pytest.mark.usefixtures("in_app")
def test_readiness_notices_a_missing_migration(app: Flask) -> None:
    client = app.test_client()
    assert client.get("/readyz").json["checks"]["migrations"] == "ok"
    flask_migrate.downgrade(directory=DIRECTORY, revision="base")
    reply = client.get("/readyz")
    assert reply.status_code == 503
    assert reply.json["checks"]["database"] == "ok"
    assert reply.json["checks"]["migrations"] == "failed: not at the newest migration"


@pytest.mark.usefixtures("in_app")
@pytest.mark.parametrize("migrate", [True, False])
def test_a_fault_at_the_start_is_no_missing_migration(
    monkeypatch: pytest.MonkeyPatch, migrate: bool
) -> None:
    monkeypatch.setattr(health, "MigrationContext", None)
    with pytest.raises(AttributeError):
        migrations._check(migrate)
