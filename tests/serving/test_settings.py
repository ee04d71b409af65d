"""Settings that act at the start and at a reload: migrations, and a setting that went wrong."""

import signal
from pathlib import Path

import pytest
import requests

from tests.serving.conftest import Start
from tests.support.api import Api, through_http
from tests.support.server import COMMANDS, Server
from tests.support.settings import SECRET
from tests.support.waiting import wait_until


@pytest.fixture(params=COMMANDS)
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Server:
    """A server, not started, whose database is not there yet."""
    return Server(f"sqlite:///{tmp_path}/new.db", tmp_path / "log", by=request.param)


def test_database_that_is_not_migrated_is_told_with_the_command(empty: Server) -> None:
    empty.start()
    try:
        wait_until(lambda: "not_migrated" in empty.text(), what="the line")
        assert "flask --app wsgi db upgrade" in empty.text()
        assert "Traceback" not in empty.text()
    finally:
        empty.stop()


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


@pytest.mark.journey
def test_reload_with_a_wrong_setting_changes_nothing(start: Start, tmp_path: Path) -> None:
    (secret := tmp_path / "secret").write_text(SECRET)
    server = start(SECRET_KEY=None, SECRET_KEY_FILE=secret)
    before = server.children()
    secret.write_text("")
    server.child.send_signal(signal.SIGHUP)
    wait_until(lambda: "the old processes go on" in server.text(), what="the refusal")
    assert f"SECRET_KEY_FILE: {secret} is empty" in server.text()
    assert server.children() == before
    assert requests.get(f"{server.url}/pid", timeout=10).text == str(before[0])
    secret.write_text(SECRET)
    server.child.send_signal(signal.SIGHUP)
    wait_until(lambda: not set(before) & set(server.children()), what="the reload")
    assert server.get("/pid") != str(before[0]).encode()


@pytest.mark.journey
def test_reload_with_code_that_does_not_load_changes_nothing(start: Start, tmp_path: Path) -> None:
    (code := tmp_path / "changing.py").write_text("from tests.serving.probe import app")
    server = start(app="changing", GUNICORN_CMD_ARGS=f"--pythonpath {tmp_path}")
    before = server.children()
    code.write_text("from tests.serving.probe import")
    server.child.send_signal(signal.SIGHUP)
    wait_until(lambda: "the old processes go on" in server.text(), what="the refusal")
    assert "SyntaxError" in server.text()
    assert server.children() == before
    assert server.get("/pid") == str(before[0]).encode()
    code.write_text("from tests.serving.probe import app  # mended")
    server.child.send_signal(signal.SIGHUP)
    wait_until(lambda: not set(before) & set(server.children()), what="the reload")
    assert server.get("/pid") != str(before[0]).encode()
