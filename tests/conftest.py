"""Fixtures of all tests. Whoever takes `database`, directly or through others, runs on both."""

import gc
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest
import time_machine
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient

import config
from taskmaster import create_app
from taskmaster.accounts import passwords
from tests.support.api import Api, User, close_connections, succeed, through_client
from tests.support.databases import (
    BACKENDS,
    Database,
    PostgresTemplate,
    SQLiteTemplate,
    Template,
    dispose_engines,
)
from tests.support.openapi import Json, Operation, operations_of
from tests.support.postgres import PostgresServer
from tests.support.redis import RedisServer
from tests.support.server import Server, lend_servers
from tests.support.settings import settings_for
from tests.support.values import START

pytest_plugins = ["tests.support.strictness"]

# Two busy cores are no reason to fail; the timeout of the test still holds.
hypothesis.settings.register_profile("default", deadline=None)
hypothesis.settings.load_profile("default")


def pytest_collection_finish() -> None:
    """Spare the collector all that stays to the end: each application fills its generations."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _no_connections_left() -> Iterator[None]:
    """Close the connections of a test, so that no garbage collection finds one open."""
    yield
    close_connections()


@pytest.fixture(scope="session", autouse=True)
def real_hasher() -> Iterator[PasswordHasher]:
    """What hashes passwords in servers; in this process one does that costs next to nothing."""
    with pytest.MonkeyPatch.context() as patch:
        real, cheap = passwords.hasher, PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        patch.setattr(passwords, "hasher", cheap)
        yield real


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server of this test process."""
    server = PostgresServer()
    server.start()
    yield server
    server.remove()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    return SQLiteTemplate(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(scope="session")
def postgresql_template(postgres: PostgresServer) -> Template:
    return PostgresTemplate(postgres)


def _lend_database(request: pytest.FixtureRequest) -> Iterator[Database]:
    template: Template = request.getfixturevalue(f"{request.param}_template")
    database = template.create()
    yield database
    template.drop(database)


@pytest.fixture(params=BACKENDS)
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """A fresh, migrated, empty database."""
    yield from _lend_database(request)


@pytest.fixture(params=BACKENDS, scope="module")
def module_database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """A migrated database that the tests of one module share."""
    yield from _lend_database(request)


@pytest.fixture
def make_app(database: Database) -> Iterator[Callable[..., Flask]]:
    """Make applications on the test's database: `make_app(ACCESS_TOKEN_SECONDS=1)`."""
    apps: list[Flask] = []

    def make(**settings: object) -> Flask:
        apps.append(create_app(config.load(settings_for(database.url, **settings))))
        return apps[-1]

    yield make
    for app in apps:
        with app.app_context():
            dispose_engines()


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Flask:
    """An application in this process."""
    return make_app()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Flask's own client of the application."""
    return app.test_client()


@pytest.fixture
def api(client: FlaskClient) -> Api:
    """Calls of nobody: register, log in, or be refused."""
    return Api(through_client(client))


@pytest.fixture
def user(api: Api) -> User:
    """Somebody registered, with calls in their name."""
    return api.register()


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """A clock that stands still until it is moved. Take it before `user`."""
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


@pytest.fixture(scope="module")
def shared_app(sqlite_template: Template) -> Iterator[Flask]:
    """An application for all tests of a module, which read only what no database is asked for."""
    database = sqlite_template.create()
    app = create_app(config.load(settings_for(database.url)))
    yield app
    with app.app_context():
        dispose_engines()
    sqlite_template.drop(database)


@pytest.fixture
def document(shared_app: Flask) -> Json:
    """The OpenAPI document as it is served."""
    served: Json = succeed(Api(through_client(shared_app.test_client())).get("/openapi.json"))
    return served


@pytest.fixture
def operations(document: Json) -> list[Operation]:
    """Every operation of the document."""
    return operations_of(document)


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    """A running Redis of the test's own."""
    server = RedisServer(tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def start_server(database: Database, tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Start real servers on the test's database: `start_server(WEB_CONCURRENCY=3)`."""
    with lend_servers(database.url, tmp_path) as start:
        yield start


@pytest.fixture
def server(start_server: Callable[..., Server]) -> Server:
    """A real server of one test."""
    return start_server()


@pytest.fixture(scope="module")
def module_server(
    module_database: Database, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A real server on `module_database` that the tests of one module share."""
    with lend_servers(module_database.url, tmp_path_factory.mktemp("server")) as start:
        yield start()
