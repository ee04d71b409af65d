"""The support of the tests does what the tests rely on."""

import fnmatch
import os
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import psycopg
import pytest
import redis
import requests
from _pytest.assertion.rewrite import AssertionRewritingHook

from tests.support.databases import ON_SQLITE, Database
from tests.support.postgres import PostgresServer
from tests.support.process import listens
from tests.support.redis import RedisServer
from tests.support.repository import GIT, tracked_files
from tests.support.server import FAULTS, Server, lend_servers
from tests.support.settings import ROOT, settings_for
from tests.support.waiting import wait_until

SKIPS = """
import pytest

def test_skips():
    pytest.skip("not today")

@pytest.mark.xfail(strict=False)
def test_expects_to_fail():
    assert False

def test_runs():
    pass
"""


def run_pytest(directory: Path, text: str, ci: str) -> str:
    (directory / "test_it.py").write_text(text)
    command = [sys.executable, "-m", "pytest", "-p", "tests.support.strictness", "test_it.py"]
    environ = os.environ | {"CI": ci, "PYTHONPATH": str(ROOT), "PYTEST_ADDOPTS": ""}
    environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # most of the time went there
    return subprocess.run(
        command, cwd=directory, env=environ, capture_output=True, text=True, check=False
    ).stdout


def test_a_skip_is_a_failure_in_ci(tmp_path: Path) -> None:
    assert "2 failed, 1 passed" in run_pytest(tmp_path, SKIPS, ci="true")


def test_a_skip_is_a_skip_elsewhere(tmp_path: Path) -> None:
    assert "1 passed, 1 skipped, 1 xfailed" in run_pytest(tmp_path, SKIPS, ci="")


def test_a_skipped_module_is_a_failure_in_ci(tmp_path: Path) -> None:
    text = "import pytest; pytest.importorskip('no_such_module')"
    assert "1 error" in run_pytest(tmp_path, text, ci="true")


def test_wait_until_is_bounded() -> None:
    with pytest.raises(AssertionError, match="still not: a miracle"):
        wait_until(lambda: False, seconds=0.05, what="a miracle")


def test_every_helper_shows_the_values_of_its_asserts() -> None:
    files = fnmatch.filter(tracked_files(), "tests/*.py")
    names = [name[:-3].replace("/", ".") for name in files if not name.endswith("/__init__.py")]
    assert {"tests.docs.driving", "tests.served.hostile", "tests.support.asserts"} <= set(names)
    specs = {name: find_spec(name) for name in names}
    mute = [
        name
        for name, spec in specs.items()
        if not (spec and isinstance(spec.loader, AssertionRewritingHook))
    ]
    assert mute == []


def test_only_what_git_keeps_is_looked_at(tmp_path: Path) -> None:
    for name in ("kept.py", "position", "client/lib/strange.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    for command in (["init", "--quiet"], ["add", "kept.py"]):
        subprocess.run([*GIT, *command], cwd=tmp_path, check=True)
    assert tracked_files(tmp_path) == ["kept.py"]


def test_settings_leave_nothing_to_the_environment() -> None:
    settings = settings_for("sqlite://", REDIS_URL="redis://x", ASYNC_MODE=None)
    assert settings["REDIS_URL"] == "redis://x"
    assert settings["ASYNC_MODE"] == settings["CORS_ORIGINS"] == ""


def test_postgres_restarts_on_its_port_with_its_data(postgres: PostgresServer) -> None:
    url = postgres.create_database("restarted")
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE kept ()")
    postgres.restart()
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)
    postgres.drop_database("restarted")


def test_redis_restarts_on_its_port(redis_server: RedisServer) -> None:
    redis_server.kill()
    assert not listens(redis_server.port)
    redis_server.restart()
    with redis.Redis.from_url(redis_server.url) as client:
        assert client.ping()


def test_a_paused_redis_accepts_and_says_nothing(redis_server: RedisServer) -> None:
    redis_server.pause()
    options = {"socket_timeout": 0.2, "retry": None}
    with redis.Redis.from_url(redis_server.url, **options) as client:
        with pytest.raises(redis.TimeoutError):
            client.ping()
        redis_server.resume()
        assert wait_until(client.ping)


def test_a_database_is_migrated_and_empty(database: Database) -> None:
    with database.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM users").scalar_one() == 0
        assert connection.exec_driver_sql("SELECT count(*) FROM alembic_version").scalar_one() == 1


@ON_SQLITE
def test_each_fault_in_its_log_fails_who_lent_a_server(database: Database, tmp_path: Path) -> None:
    with (
        pytest.raises(AssertionError) as failure,
        lend_servers(database.url, tmp_path) as start,
        start().log.open("a") as log,
    ):
        log.writelines(f"not {fault} is told\n" for fault in FAULTS)
    for fault in FAULTS:
        assert f"not {fault} is told" in str(failure.value)


def test_a_server_comes_back_on_its_port(start_server: Callable[..., Server]) -> None:
    server = start_server()
    server.kill()
    assert not listens(server.port)
    server.restart()
    assert requests.get(f"{server.url}/livez", timeout=5).status_code == 200
    assert server.terminate() == 0
