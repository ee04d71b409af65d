"""The start, before anything is served: what a wrong setting says, and a stop meanwhile."""

import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.serving.conftest import MODES, ProbeServer, Start
from tests.support.process import Process
from tests.support.server import COMMANDS
from tests.support.settings import ROOT, machine_environ, settings_for
from tests.support.waiting import wait_until

WAYS = [
    [sys.executable, "wsgi.py"],
    [sys.executable, "-m", "gunicorn", "wsgi:app"],
    [sys.executable, "-m", "gunicorn", "--check-config", "wsgi:app"],
]
PROGRAM, *REST = json.loads(re.findall("^CMD (.*)", (ROOT / "Dockerfile").read_text(), re.M)[0])
IN_A_CONTAINER = [str(Path(sys.executable).with_name(PROGRAM)), *REST]
WRONG = {"SHUTDOWN_SECONDS": "soon", "ASYNC_MODE": "asyncio", "PORT": "http"}


@pytest.mark.parametrize("command", WAYS, ids=lambda command: " ".join(command[1:]))
def test_wrong_settings_are_named_in_one_line_and_nothing_starts(command: list[str]) -> None:
    environ = machine_environ() | settings_for("sqlite://", WEB_CONCURRENCY=2, **WRONG)
    result = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True)
    assert result.returncode == 1
    assert (result.stdout, result.stderr.count("\n")) == ("", 1)
    assert all(name in result.stderr for name in WRONG)


@pytest.mark.parametrize("command", [WAYS[0], IN_A_CONTAINER], ids=["wsgi.py", "Dockerfile"])
@pytest.mark.parametrize("number", ["many", "-1", "0", "1.5"])
def test_wrong_number_of_processes_is_named_too(command: list[str], number: str) -> None:
    """gunicorn reads this variable by itself, before any file of ours."""
    environ = machine_environ() | settings_for("sqlite://", WEB_CONCURRENCY=number, PORT="http")
    result = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True)
    assert result.returncode == 1
    assert result.stderr.count("\n") == 1
    assert "WEB_CONCURRENCY: " in result.stderr
    assert "PORT: " in result.stderr


def test_flask_names_a_wrong_setting_without_a_traceback() -> None:
    command = [sys.executable, *COMMANDS["flask run"].format(app="wsgi").split()]
    environ = machine_environ() | settings_for("sqlite://", SHUTDOWN_SECONDS="soon")
    result = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True)
    assert result.returncode == 1
    assert result.stderr.startswith("Error: SHUTDOWN_SECONDS: ")
    assert "Traceback" not in result.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize("processes", [1, 2])
def test_told_to_stop_while_starting_is_no_error(make: Start, processes: int) -> None:
    server = make(WEB_CONCURRENCY=processes)
    Process.start(server)
    wait_until(lambda: catches(server.pid, signal.SIGTERM), every=0.001, what="handler set")
    assert server.terminate(10) == 0
    assert "Traceback" not in server.text()
    wait_until(lambda: not server.any_left, what="nobody left")


def catches(pid: int, number: int) -> bool:
    """Tell whether the process has a handler for the signal."""
    status = Path(f"/proc/{pid}/status").read_text()
    mask = int(status.partition("SigCgt:")[2].split()[0], 16)
    return bool(mask & 1 << (number - 1))


@pytest.mark.parametrize("server", ["eventlet"], indirect=True)
def test_redis_client_and_a_resolver_are_loaded_where_there_is_a_redis(
    start: Start, server: ProbeServer
) -> None:
    for one, loaded in ((server, b"False"), (start(REDIS_URL="redis://cache:6379"), b"True")):
        assert [one.get(f"/loaded/{name}") for name in ("redis", "dns")] == [loaded, loaded]


@pytest.mark.parametrize("server", MODES, indirect=True)
def test_garbage_is_not_looked_for_in_what_was_imported(server: ProbeServer) -> None:
    enabled, left_out = server.get("/garbage").split()
    assert (enabled, int(left_out) > 100_000) == (b"True", True)


def test_where_gunicorn_does_not_run_flask_is_named() -> None:
    code = "import os, runpy; os.name = 'nt'; runpy.run_path('wsgi.py', run_name='__main__')"
    command = [sys.executable, "-c", code]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 1
    assert "flask --app wsgi run" in result.stderr
