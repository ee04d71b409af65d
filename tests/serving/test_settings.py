"""Settings that act at the start: whether it migrates."""

from pathlib import Path

import pytest

from tests.support.api import Api, through_http
from tests.support.process import Process
from tests.support.server import COMMANDS, Server
from tests.support.waiting import wait_until


@pytest.fixture(params=COMMANDS)
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Server:
    """A server, not started, whose database is not there yet."""
    return Server(f"sqlite:///{tmp_path}/new.db", tmp_path / "log", by=request.param)


def test_database_that_is_not_migrated_is_told_with_the_command(empty: Server) -> None:
    Process.start(empty)  # which asks for nothing: it is told before the first request
    try:
        wait_until(lambda: "not_migrated" in empty.text(), what="the line")
        assert "flask --app wsgi db upgrade" in empty.text()
        assert "Traceback" not in empty.text()
    finally:
        empty.stop()


@pytest.mark.parametrize(
    ("arguments", "last"),
    [("--debug run", "Debugger is active"), ("--debug run --no-reload", "Running on")],
)
def test_it_is_told_once_where_code_is_changed(tmp_path: Path, arguments: str, last: str) -> None:
    server = Server(f"sqlite:///{tmp_path}/new.db", tmp_path / "log", by="flask run")
    server.command[-1:] = arguments.split()
    Process.start(server)
    try:
        wait_until(lambda: last in server.text(), what="the server")
        assert server.text().count("not_migrated") == 1
    finally:
        server.stop()


@pytest.mark.parametrize("arguments", ["db upgrade", "routes"])
def test_a_command_says_nothing_of_it(tmp_path: Path, arguments: str) -> None:
    server = Server(f"sqlite:///{tmp_path}/new.db", tmp_path / "log", by="flask run")
    server.command[-1:] = arguments.split()
    Process.start(server)
    assert server.child.wait(60) == 0
    assert "not_migrated" not in server.text()


def test_database_is_migrated_on_start_where_that_is_wanted(empty: Server) -> None:
    assert empty.environ
    empty.environ |= {"MIGRATE_ON_START": "true", "WEB_CONCURRENCY": "2"}
    empty.start()
    try:
        Api(through_http(empty.url)).register()
        assert "not_migrated" not in empty.text()
        assert "Traceback" not in empty.text()
    finally:
        empty.stop()
