"""What fails at a database or a Redis is told with what that said, and without the password."""

import json
from collections.abc import Callable

import pytest
import requests
import structlog
from flask import Flask
from sqlalchemy import text
from structlog.testing import capture_logs

from taskmaster.core import outages
from taskmaster.core.errors import OUTAGE
from taskmaster.ops import housekeeping
from tests.support.api import Api, through_client
from tests.support.asserts import assert_problem
from tests.support.databases import Database
from tests.support.postgres import PostgresServer
from tests.support.process import free_port
from tests.support.server import Server
from tests.support.waiting import wait_until

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)
WRONG = "a-password-that-is-wrong"


@pytest.fixture
def url(postgres: PostgresServer, database: Database) -> str:
    return database.url.replace("postgres@", f"nobody:{WRONG}@", 1)


def test_a_server_names_why_it_reaches_neither(
    start_server: Callable[..., Server], url: str
) -> None:
    redis = f"127.0.0.1:{free_port()}"
    server = start_server(DATABASE_URL=url, REDIS_URL=f"redis://:{WRONG}@{redis}/0")
    requests.get(f"{server.url}/readyz", timeout=10)

    def causes() -> dict[str, str]:
        lines = [json.loads(one) for one in server.text().splitlines() if one.startswith("{")]
        return {line.get("check", line["event"]): line.get("cause", "") for line in lines}

    names = {"database_unavailable", "database", "broker"}
    wait_until(lambda: names <= causes().keys(), what="all lines")
    told = causes()
    assert redis in told["broker"]
    assert "authentication failed" in told["database"]
    assert "authentication failed" in told["database_unavailable"]
    assert WRONG not in server.text()


def test_a_prune_that_did_nothing_says_why_and_no_more(
    make_app: Callable[..., Flask], url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner = make_app(DATABASE_URL=url).test_cli_runner()
    monkeypatch.setattr(housekeeping, "log", structlog.get_logger())  # others have bound it
    with capture_logs() as lines:
        assert runner.invoke(args=["prune"]).exit_code == 1
    assert {line["event"] for line in lines} == {"prune_failed"}
    assert all("authentication failed" in line["cause"] for line in lines)
    assert WRONG not in str(lines)


def test_no_cause_has_a_piece_of_the_statement(
    make_app: Callable[..., Flask], database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app(ENVIRONMENT="development", DB_TIMEOUT_SECONDS=1)
    user = Api(through_client(app.test_client())).register()
    monkeypatch.setattr(outages, "log", structlog.get_logger())  # others have bound it
    monkeypatch.setattr(OUTAGE, "_times", 0)
    with capture_logs() as lines, database.engine.connect() as other:
        other.execute(text("SELECT FROM stream_heads FOR UPDATE"))
        assert_problem(user.post("tasks/", {"title": "One"}), 503, "unavailable")
    causes = [line["cause"] for line in lines if line["event"] == "database_unavailable"]
    assert causes == ["canceling statement due to lock timeout"]
