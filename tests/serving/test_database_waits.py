"""A query that waits holds up nobody else: the driver yields to the async library."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
import requests

from tests.serving.conftest import MODES
from tests.support.api import PASSWORD
from tests.support.databases import Template
from tests.support.server import Server
from tests.support.waiting import wait_until

WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"


def log_in(server: Server) -> int:
    body = {"username": "nobody", "password": PASSWORD}
    return requests.post(f"{server.url}/api/v1/auth/login/", json=body, timeout=30).status_code


@pytest.mark.parametrize("mode", MODES)
def test_others_are_served_while_queries_wait(
    postgresql_template: Template, tmp_path: Path, mode: str
) -> None:
    database = postgresql_template.create()
    server = Server(database.url, tmp_path / "server.log", ASYNC_MODE=mode)
    server.start()
    try:
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
    finally:
        server.stop()
        postgresql_template.drop(database)
