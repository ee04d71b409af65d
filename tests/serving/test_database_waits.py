"""Whoever waits for the database waits alone, for a bounded time, and then is told so."""

import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from subprocess import PIPE, Popen

import psycopg
import pytest
import requests
from sqlalchemy import text

from tests.support.api import PASSWORD, Api, Reply, User, through_http
from tests.support.asserts import assert_problem
from tests.support.databases import Database, Template
from tests.support.freeze import FreezeMeter
from tests.support.postgres import PostgresServer
from tests.support.racing import twin
from tests.support.server import Server, lend_servers
from tests.support.stage import MODES
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.journey, pytest.mark.alone]

WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
LOCK_HEAD = "SELECT FROM stream_heads WHERE user_id = %s FOR UPDATE"
FREEZE = 0.8  # seconds that the process may stand still
SOON = 1.5  # seconds, not milliseconds: the machine is shared
HOLD = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.readline()
"""

Start = Callable[..., Server]


def serve(template: Template, logs: Path) -> Iterator[tuple[Database, Start]]:
    database = template.create()
    with ExitStack() as lent:
        lent.callback(template.drop, database)
        yield database, lent.enter_context(lend_servers(database.url, logs))


@pytest.fixture
def postgresql(postgresql_template: Template, tmp_path: Path) -> Iterator[tuple[Database, Start]]:
    """A database in PostgreSQL, and servers on it."""
    yield from serve(postgresql_template, tmp_path)


@pytest.fixture
def sqlite(sqlite_template: Template, tmp_path: Path) -> Iterator[tuple[Database, Start]]:
    """A database in SQLite, and servers on it."""
    yield from serve(sqlite_template, tmp_path)


def log_in(server: Server) -> int:
    body = {"username": "nobody", "password": PASSWORD}
    return requests.post(f"{server.url}/api/v1/auth/login/", json=body, timeout=30).status_code


def seconds(act: Callable[[], Reply], status: int) -> float:
    """Return how long a call takes that has this answer."""
    started = time.perf_counter()
    reply = act()
    assert reply.status == status, reply.body
    return time.perf_counter() - started


def count_events(database: Database, user: User) -> int:
    with database.engine.connect() as connection:
        statement = text("SELECT count(*) FROM events WHERE user_id = :id")
        return int(connection.execute(statement, {"id": user.id}).scalar_one())


@pytest.mark.parametrize("mode", MODES)
def test_others_are_served_while_queries_wait(
    postgresql: tuple[Database, Start], mode: str
) -> None:
    database, start = postgresql
    server = start(ASYNC_MODE=mode, DB_TIMEOUT_SECONDS=60)
    with (
        ThreadPoolExecutor() as clients,
        psycopg.connect(database.url, autocommit=True) as observer,
        psycopg.connect(database.url) as blocker,
    ):
        blocker.execute("LOCK TABLE users IN ACCESS EXCLUSIVE MODE")
        logins = [clients.submit(log_in, server) for _ in range(3)]
        wait_until(lambda: observer.execute(WAITING).fetchone() == (3,), what="3 wait at once")
        assert requests.get(f"{server.url}/livez", timeout=5).status_code == 200
        blocker.rollback()
        assert [login.result() for login in logins] == [401, 401, 401]


@pytest.mark.parametrize("mode", MODES)
def test_the_writers_of_one_user_take_one_connection(
    postgresql: tuple[Database, Start], mode: str
) -> None:
    database, start = postgresql
    server = start(ASYNC_MODE=mode, DB_POOL_SIZE=2, DB_TIMEOUT_SECONDS=3, USER_WRITES_WAITING=5)
    ada, grace = (Api(through_http(server.url)).register() for _ in range(2))
    twins = [twin(ada, Api(through_http(server.url))) for _ in range(12)]
    body = {"operations": [{"action": "create", "task": {"title": "One"}}]}
    with ThreadPoolExecutor(12) as pool, psycopg.connect(database.url) as blocker:
        blocker.execute(LOCK_HEAD, [ada.id])
        held = [
            pool.submit(one.post, *call)
            for one, call in zip(
                twins, [("tasks/", {"title": "One"}), ("tasks/bulk/", body)] * 6, strict=True
            )
        ]
        wait_until(lambda: sum(one.done() for one in held) >= 6, what="the line is full")
        for _ in range(5):
            assert seconds(lambda: grace.get("tasks/"), 200) < SOON
            assert seconds(lambda: grace.post("tasks/", {"title": "Hers"}), 201) < SOON
            assert seconds(lambda: grace.get("/readyz"), 200) < SOON
        replies = [one.result() for one in held]
        blocker.rollback()
    for reply in replies:
        code = {429: "rate_limited", 503: "unavailable"}[reply.status]
        assert_problem(reply, reply.status, code)
        assert int(reply.headers["Retry-After"]) > 0
    assert sorted(reply.status for reply in replies) == [429] * 6 + [503] * 6
    assert count_events(database, ada) == 0
    assert ada.post("tasks/", {"title": "Now"}).status == 201


@pytest.mark.parametrize("mode", MODES)
def test_a_postgresql_that_stands_still_is_told_in_time(
    postgresql: tuple[Database, Start], postgres: PostgresServer, mode: str
) -> None:
    database, start = postgresql
    server = start(ASYNC_MODE=mode, DB_TIMEOUT_SECONDS=1)
    user, looker = (Api(through_http(server.url)).register() for _ in range(2))
    with postgres.standing_still(), FreezeMeter(server.url) as meter:
        for act in (lambda: user.get("tasks/"), lambda: user.post("tasks/", {"title": "Lost"})):
            assert seconds(act, 503) < 7
        assert seconds(lambda: looker.get("/readyz"), 503) < 1.5 + SOON
        assert looker.get("/readyz").json["checks"]["database"] != "ok"
    assert meter.longest < FREEZE
    wait_until(lambda: user.get("/readyz").status == 200, what="ready again")
    assert user.post("tasks/", {"title": "Found"}).status == 201
    assert count_events(database, user) == 1


@pytest.mark.parametrize("mode", MODES)
def test_another_process_that_locks_sqlite_holds_up_writers_only(
    sqlite: tuple[Database, Start], mode: str
) -> None:
    database, start = sqlite
    server = start(ASYNC_MODE=mode, DB_TIMEOUT_SECONDS=2)
    ada, grace = (Api(through_http(server.url)).register() for _ in range(2))
    path = database.url.removeprefix("sqlite:///")
    command = [sys.executable, "-c", HOLD, path]
    with (
        ThreadPoolExecutor() as pool,
        Popen(command, stdin=PIPE, stdout=PIPE, text=True) as holder,
        FreezeMeter(server.url) as meter,
    ):
        assert holder.stdin
        assert holder.stdout
        assert holder.stdout.readline() == "locked\n"
        writes = [pool.submit(one.post, "tasks/", {"title": "One"}) for one in (ada, grace)]
        other = twin(ada, Api(through_http(server.url)))
        wait_until(lambda: meter.count > 10)
        assert seconds(lambda: other.get("tasks/"), 200) < SOON
        assert seconds(lambda: other.get("/readyz"), 200) < SOON
        for write in writes:
            assert_problem(write.result(), 503, "unavailable")
            assert int(write.result().headers["Retry-After"]) > 0
        assert count_events(database, ada) == count_events(database, grace) == 0
        late = pool.submit(ada.post, "tasks/", {"title": "Two"})
        wait_until(lambda count=meter.count: meter.count > count + 5)
        holder.communicate("\n", timeout=10)
        assert late.result().status == 201
    assert meter.longest < FREEZE
    assert meter.count > 20
