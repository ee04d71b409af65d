"""A stop while gunicorn's parent migrates: the migration ends with it."""

import os
import signal
import sys
from collections.abc import Iterator

import psycopg
import pytest

from tests.serving.conftest import ProbeServer, Start
from tests.support.postgres import PostgresServer
from tests.support.process import Process
from tests.support.waiting import wait_until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="prctl is of Linux")
LOCK = 0x7461736B
IN_LINE = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"


@pytest.fixture
def other(postgres: PostgresServer) -> Iterator[psycopg.Connection]:
    """A connection to an empty database."""
    url = postgres.create_database("stopped")
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection
    postgres.drop_database("stopped")


@pytest.fixture
def server(make: Start, postgres: PostgresServer) -> ProbeServer:
    return make(MIGRATE_ON_START="true", DATABASE_URL=postgres.url("stopped"))


def wait_for_migration(other: psycopg.Connection) -> None:
    wait_until(lambda: other.execute(IN_LINE).fetchone() == (1,), what="one that waits")


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 0), (signal.SIGKILL, -9)]
)
def test_while_it_starts(
    server: ProbeServer, other: psycopg.Connection, number: int, code: int
) -> None:
    other.execute("SELECT pg_advisory_lock(%s)", [LOCK])
    Process.start(server)
    wait_for_migration(other)
    os.kill(server.pid, number)
    assert server.child.wait(10) == code
    wait_until(lambda: not server.any_left, seconds=10, what="nobody left")
    assert "Traceback" not in server.text()


@pytest.mark.journey
def test_while_it_reloads(server: ProbeServer, other: psycopg.Connection) -> None:
    server.start()
    other.execute("DELETE FROM alembic_version")
    other.execute("SELECT pg_advisory_lock(%s)", [LOCK])
    server.child.send_signal(signal.SIGHUP)
    wait_for_migration(other)
    assert server.terminate() == 0
    wait_until(lambda: not server.any_left, what="nobody left")


@pytest.mark.journey
def test_a_stop_that_comes_together_with_a_reload(
    server: ProbeServer, other: psycopg.Connection
) -> None:
    server.start()
    other.execute("DELETE FROM alembic_version")
    other.execute("SELECT pg_advisory_lock(%s)", [LOCK])  # the reload would wait for it
    for number in (signal.SIGSTOP, signal.SIGHUP, signal.SIGTERM, signal.SIGCONT):
        server.child.send_signal(number)
    assert server.child.wait(20) == 0
    wait_until(lambda: not server.any_left, what="nobody left")
