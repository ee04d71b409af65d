"""What PostgreSQL is told of its time-outs, and what a client is told when one ends its request."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import Connection, Engine, event, text

from taskmaster.core.concurrency import pause
from taskmaster.core.database import DATABASES, reading, writing, writing_of
from taskmaster.core.parts import DELETED, delete_in_parts
from taskmaster.extensions import db
from taskmaster.tasks.models import tasks
from tests.support.api import Api, User, succeed, through_client
from tests.support.asserts import assert_problem
from tests.support.databases import Database
from tests.support.waiting import wait_until

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)

SLEEP = text("SELECT pg_sleep(3)")
LOCK = text("UPDATE stream_heads SET seq = seq")


def shown(connection: Connection) -> tuple[str, ...]:
    names = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "TimeZone")
    return tuple(connection.exec_driver_sql(f"SHOW {name}").scalar_one() for name in names)


def test_each_engine_has_its_time_outs(make_app: Callable[..., Flask]) -> None:
    app = make_app(DB_TIMEOUT_SECONDS=5)
    with app.app_context():
        engines: list[Engine] = [db.engine, DATABASES.get().aside, DATABASES.get().long]
        found = []
        for engine in engines:
            with engine.connect() as connection:
                found.append(shown(connection))
    assert found == [
        ("5s", "4s", "10s", "UTC"),
        ("1s", "800ms", "2s", "UTC"),
        ("0", "0", "0", "UTC"),
    ]


def test_long_work_has_none_whatever_is_set_there(
    make_app: Callable[..., Flask], database: Database
) -> None:
    for name in ("statement_timeout", "transaction_timeout"):
        database.set_default(f"{name} = '5s'")
    with make_app().app_context(), writing(long=True) as connection:
        assert shown(connection) == ("0", "0", "0", "UTC")
        assert connection.exec_driver_sql("SHOW transaction_timeout").scalar_one() == "0"


def test_long_work_in_parts_has_one_connection(user: User, app: Flask) -> None:
    operation = {"action": "create", "task": {"title": "x"}}
    for _ in range(3):
        succeed(user.bulk(*[operation] * DELETED))
    with app.app_context():
        long = DATABASES.get().long
        opened = list[object]()
        event.listen(long, "connect", lambda connection, _: opened.append(connection))
        assert delete_in_parts(tasks) == 3 * DELETED
    assert len(opened) == 1


@pytest.mark.parametrize("setting", [
    "default_transaction_isolation = 'serializable'",
    "default_transaction_isolation = 'repeatable read'",
    "datestyle = 'German'",
    "client_encoding = 'latin1'",
])  # fmt: skip
def test_a_change_that_waited_succeeds_whatever_is_set_there(
    make_app: Callable[..., Flask], database: Database, setting: str
) -> None:
    database.set_default(setting)
    user = Api(through_client(make_app().test_client())).register()
    task = {"title": "日本", "due_date": "2030-01-31T12:00:00.000000+00:00"}
    with ThreadPoolExecutor(1) as others, database.engine.connect() as before:
        before.execute(LOCK)
        change = others.submit(user.post, "tasks/", task)
        wait_until(lambda: change.done() or database.has_waiter(), what="the change to wait")
        before.commit()
        succeed(change.result(), 201)
    (found,) = succeed(user.get("tasks/"))["results"]
    assert found.items() >= task.items()


@pytest.fixture
def hasty(make_app: Callable[..., Flask]) -> Flask:
    """An application of little patience, with views that try it; errors are answered."""
    app = make_app(DB_TIMEOUT_SECONDS=1, ENVIRONMENT="development")

    @app.get("/statement")
    def statement() -> str:
        with reading() as connection:
            connection.execute(SLEEP)
        return ""

    @app.get("/idle")
    def idle() -> str:
        with writing() as connection:
            connection.execute(text("SELECT 1"))
            pause(3)
            connection.execute(text("SELECT 1"))
        return ""

    @app.get("/long")
    def long() -> str:
        with writing(long=True) as connection:
            connection.execute(SLEEP)
        return "done"

    return app


@pytest.mark.parametrize("path", ["/statement", "/idle"])
def test_a_time_out_is_unavailable_and_then_it_is_well_again(hasty: Flask, path: str) -> None:
    api = Api(through_client(hasty.test_client()))
    reply = api.get(path)
    assert_problem(reply, 503, "unavailable")
    assert int(reply.headers["Retry-After"]) > 0
    assert api.register().get("tasks/").status == 200


def test_what_may_take_long_may(hasty: Flask) -> None:
    assert Api(through_client(hasty.test_client())).get("/long").body == b"done"


def test_a_locked_head_is_unavailable(hasty: Flask) -> None:
    user: User = Api(through_client(hasty.test_client())).register()
    with hasty.app_context(), writing() as connection:
        connection.execute(text("SELECT FROM stream_heads FOR UPDATE"))
        assert_problem(user.post("tasks/", {"title": "One"}), 503, "unavailable")
    assert user.get("tasks/events/").json["results"] == []


def test_the_deletion_of_an_account_waits_in_the_line_of_its_writers(
    make_app: Callable[..., Flask],
) -> None:
    app = make_app(USER_WRITES_WAITING=0)
    user = Api(through_client(app.test_client())).register()
    with app.app_context(), writing_of(user.id):
        reply = user.post("auth/profile/delete/", {"password": "correct horse battery"})
    assert_problem(reply, 429, "rate_limited")
    assert user.get("auth/profile/").status == 200


TERMINATE = text("SELECT pg_terminate_backend(:pid, 5000)")  # and wait for it, milliseconds


def test_connection_that_the_server_has_closed_is_not_used_again(app: Flask) -> None:
    with app.app_context():
        with writing() as connection:
            pid = connection.scalar(text("SELECT pg_backend_pid()"))
        with DATABASES.get().aside.connect() as other:
            assert other.scalar(TERMINATE, {"pid": pid})
        with writing() as connection:
            assert connection.scalar(text("SELECT pg_backend_pid()")) != pid


def test_connections_that_were_opened_to_a_standby_are_not_kept(
    make_app: Callable[..., Flask], database: Database
) -> None:
    user = Api(
        through_client((app := make_app(ENVIRONMENT="development")).test_client())
    ).register()
    database.set_default("default_transaction_read_only = on")
    with app.app_context():
        db.engine.dispose()
        DATABASES.get().aside.dispose()
        with db.engine.connect(), db.engine.connect():  # the pool has two now
            pass
    assert_problem(user.post("tasks/", {"title": "One"}), 503, "unavailable")
    assert user.get("/readyz").json["checks"]["database"] == "failed: the database is read-only"
    with database.engine.begin() as connection:
        connection.execute(text("SET TRANSACTION READ WRITE"))
        reset = f"ALTER DATABASE {database.name} RESET default_transaction_read_only"
        connection.execute(text(reset))
    assert [user.post("tasks/", {"title": "One"}).status for _ in range(2)] == [201, 201]
    assert [user.get("/readyz").status for _ in range(2)] == [200, 200]


def test_a_reader_of_a_standby_is_used_once(app: Flask, database: Database) -> None:
    """It would read there for ever, whomever the name leads to by then."""

    def ask() -> int:
        with engine.connect() as connection:
            return int(connection.scalar(text("SELECT pg_backend_pid()")) or 0)

    with app.app_context():
        engine = DATABASES.get().reading
        assert ask() == ask()
        database.set_default("default_transaction_read_only = on")
        engine.dispose()
        assert ask() != ask()
