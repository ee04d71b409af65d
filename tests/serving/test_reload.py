"""SIGHUP: what would not start does not take the place of what serves."""

import json
import os
import signal
from pathlib import Path
from shutil import copy, copytree, ignore_patterns

import pytest
import requests

from tests.serving.conftest import ProbeServer, Start
from tests.support.postgres import PostgresServer
from tests.support.process import free_port
from tests.support.settings import ROOT, SECRET
from tests.support.waiting import wait_until


def refusal(server: ProbeServer) -> str:
    """Return the line, as machines read it, that says why nothing is reloaded."""

    def lines() -> list[str]:
        return [line for line in server.text().splitlines() if "the old processes go on" in line]

    (line,) = wait_until(lines, what="the refusal")
    told = json.loads(line)
    assert (told["event"], told["level"]) == ("gunicorn", "error")
    return str(told["message"])


@pytest.mark.journey
def test_reload_with_a_wrong_setting_changes_nothing(start: Start, tmp_path: Path) -> None:
    (secret := tmp_path / "secret").write_text(SECRET)
    server = start(SECRET_KEY=None, SECRET_KEY_FILE=secret)
    before = server.children()
    secret.write_text("")
    server.child.send_signal(signal.SIGHUP)
    assert f"SECRET_KEY_FILE: {secret} is empty" in refusal(server)
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
    assert "SyntaxError" in refusal(server)
    assert server.children() == before
    assert server.get("/pid") == str(before[0]).encode()
    code.write_text("from tests.serving.probe import app  # mended")
    server.child.send_signal(signal.SIGHUP)
    wait_until(lambda: not set(before) & set(server.children()), what="the reload")
    assert server.get("/pid") != str(before[0]).encode()


@pytest.mark.journey
def test_reload_while_a_setting_becomes_wrong_changes_nothing(start: Start, tmp_path: Path) -> None:
    (secret := tmp_path / "secret").write_text(SECRET)
    (code := tmp_path / "changing.py").write_text("from tests.serving.probe import app")
    options = f"--pythonpath {tmp_path}"
    server = start(
        app="changing", SECRET_KEY=None, SECRET_KEY_FILE=secret, GUNICORN_CMD_ARGS=options
    )
    before = server.children()
    emptying = f"import pathlib; pathlib.Path({str(secret)!r}).write_text('')"
    code.write_text(f"from tests.serving.probe import app; {emptying}")  # once it is checked
    server.child.send_signal(signal.SIGHUP)
    assert refusal(server)
    assert f"SECRET_KEY_FILE: {secret} is empty" in server.text()
    assert server.children() == before
    assert server.get("/pid") == str(before[0]).encode()
    secret.write_text(SECRET)
    code.write_text("from tests.serving.probe import app  # mended")
    server.child.send_signal(signal.SIGHUP)
    wait_until(lambda: not set(before) & set(server.children()), what="the reload")
    assert server.get("/pid") != str(before[0]).encode()


@pytest.mark.journey
def test_reload_with_a_wrong_password_of_the_database_changes_nothing(
    start: Start, postgres: PostgresServer, tmp_path: Path
) -> None:
    postgres.create_superuser("reloading", "right")
    url = postgres.url("postgres").replace("postgres@", "reloading:{}@")
    (secret := tmp_path / "url").write_text(url.format("right"))
    server = start(DATABASE_URL=None, DATABASE_URL_FILE=secret)
    before = server.children()
    secret.write_text(url.format("a-wrong-one"))
    server.child.send_signal(signal.SIGHUP)
    assert "authentication failed" in refusal(server)
    assert "a-wrong-one" not in server.text()
    assert server.children() == before


@pytest.mark.journey
def test_reload_while_the_database_is_away_is_made(start: Start) -> None:
    server = start(DATABASE_URL=f"postgresql://nobody@127.0.0.1:{free_port()}/none")
    before = server.children()
    server.child.send_signal(signal.SIGHUP)
    wait_until(lambda: not set(before) & set(server.children()), what="the reload")
    assert server.get("/pid") != str(before[0]).encode()


@pytest.mark.journey
def test_who_is_replaced_has_the_settings_that_were_checked(tmp_path: Path) -> None:
    for name in ("taskmaster", "migrations"):
        copytree(ROOT / name, tmp_path / name, ignore=ignore_patterns("__pycache__", "vendor"))
    for name in ("wsgi.py", "config.py", "addresses.py", "gunicorn.conf.py"):
        copy(ROOT / name, tmp_path)
    (dotenv := tmp_path / ".env").write_text("RATELIMIT_FLOOD=1000/minute")
    (secret := tmp_path / "secret").write_text(SECRET)
    server = ProbeServer(tmp_path / "log", app="wsgi", SECRET_KEY=None, SECRET_KEY_FILE=secret)
    server.directory = tmp_path
    del server.environ["RATELIMIT_FLOOD"], server.environ["SHUTDOWN_SECONDS"]
    with server:
        (before,) = server.children()
        dotenv.write_text("RATELIMIT_FLOOD=often\nSHUTDOWN_SECONDS=soon")
        secret.write_text("")
        os.kill(before, signal.SIGKILL)
        wait_until(lambda: set(server.children()) - {before}, what="another process")
        assert server.get("/livez") == b'{"status":"ok"}'
        server.child.send_signal(signal.SIGHUP)
        assert "RATELIMIT_FLOOD" in (refused := refusal(server))
        assert "SHUTDOWN_SECONDS" in refused
