"""The migrations make what the models say, there and back, on both databases."""

from collections.abc import Iterator

import flask_migrate
import pytest
from flask import Flask
from sqlalchemy import inspect

from taskmaster.extensions import Base
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
def test_readiness_notices_a_missing_migration(app: Flask) -> None:
    client = app.test_client()
    assert client.get("/readyz").json["checks"]["migrations"] == "ok"
    flask_migrate.downgrade(directory=DIRECTORY, revision="base")
    reply = client.get("/readyz")
    assert reply.status_code == 503
    assert reply.json["checks"] == reply.json["checks"] | {"database": "ok", "migrations": "failed"}
