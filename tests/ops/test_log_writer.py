"""A log that cannot be written, or that nobody reads, costs lines and no request."""

import fcntl
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import requests

from taskmaster.ops.arbiter import MAX_QUEUED, LogWriter
from tests.ops.test_metrics import figure
from tests.support.api import Api, through_http
from tests.support.databases import Template
from tests.support.server import Server
from tests.support.settings import ROOT
from tests.support.stage import MODES
from tests.support.waiting import wait_until

SIZE = 4096  # bytes that the pipes of these tests take
REQUESTS = 60  # each writes a line, and all of them more than SIZE
Open = Callable[..., Server]

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="sets the size of a pipe")


@pytest.fixture
def pipe(tmp_path: Path) -> Iterator[int]:
    """The reading end of a small pipe, which `tmp_path / "pipe"` leads into."""
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    fcntl.fcntl(reader, fcntl.F_SETPIPE_SZ, SIZE)
    os.set_blocking(reader, True)
    yield reader
    os.close(reader)


@pytest.fixture
def serve(sqlite_template: Template) -> Iterator[Open]:
    """Start a server that writes its log to a path, by a command before its own."""
    database = sqlite_template.create()
    with ExitStack() as servers:
        servers.callback(sqlite_template.drop, database)

        def start(log: Path, *command: str, **settings: object) -> Server:
            server = Server(database.url, log, **settings)
            server.command = [*command, *server.command]
            return servers.enter_context(server)

        yield start


def assert_served(server: Server) -> None:
    """Assert that many requests are answered as ever, one after another, and the last writes."""
    api = Api(through_http(server.url))
    assert {api.get("/livez").status for _ in range(REQUESTS)} == {200}
    api.register()


def lines_of(reader: int) -> Iterator[dict[str, Any]]:
    """Yield what comes out of a pipe until it is closed, line by line."""
    with os.fdopen(os.dup(reader)) as file:
        yield from map(json.loads, file)


@pytest.mark.parametrize("mode", MODES)
def test_log_that_nobody_reads_holds_nobody_up(
    serve: Open, tmp_path: Path, pipe: int, mode: str
) -> None:
    server = serve(tmp_path / "pipe", ASYNC_MODE=mode)
    assert_served(server)
    (worker,) = server.children()
    os.kill(worker, signal.SIGKILL)  # gunicorn wants to tell of it
    wait_until(lambda: server.children() not in ([], [worker]), what="another worker")
    assert requests.get(f"{server.url}/livez", timeout=30).ok
    assert server.terminate(10) == 0


def test_log_whose_reader_has_died_is_given_up(serve: Open, tmp_path: Path, pipe: int) -> None:
    server = serve(tmp_path / "pipe")
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, pipe)
    os.close(null)
    assert_served(server)
    assert server.terminate(10) == 0


def test_log_on_a_full_disk_is_counted(serve: Open) -> None:
    server = serve(Path("/dev/full"))
    assert_served(server)
    api = Api(through_http(server.url))
    wait_until(lambda: figure(api, "log_lines_dropped_total") >= REQUESTS, what="the count")
    assert server.terminate(10) == 0


def test_server_without_stdout_and_stderr_serves(serve: Open, tmp_path: Path) -> None:
    server = serve(tmp_path / "log", "sh", "-c", 'exec "$@" >&- 2>&-', "sh")
    assert_served(server)
    assert server.terminate(10) == 0
    assert server.text() == ""


def test_what_is_dropped_is_reported_once_lines_are_read_again(pipe: int, tmp_path: Path) -> None:
    with (tmp_path / "pipe").open("w") as file:
        writer = LogWriter(file)
        for number in range(2 * MAX_QUEUED):
            writer.write(f'{{"number": {number}}}\n')
        assert writer.dropped > MAX_QUEUED / 2
        *lines, last = islice(lines_of(pipe), 2 * MAX_QUEUED - writer.dropped + 1)
    numbers = [line["number"] for line in lines]
    assert numbers[:MAX_QUEUED] == list(range(MAX_QUEUED))
    assert numbers == sorted(numbers)
    assert last["event"] == "log_lines_dropped"
    assert last["message"] == f"{writer.dropped} are missing"


WRITES = """
import sys
from taskmaster.ops.arbiter import LogWriter

sys.stderr = LogWriter(sys.stderr)
for number in range(1000):
    print(number, file=sys.stderr)
"""


def test_what_is_queued_at_the_end_is_written() -> None:
    done = subprocess.run([sys.executable, "-c", WRITES], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0
    assert done.stderr.split() == [str(number) for number in range(1000)]


def test_end_does_not_wait_for_who_does_not_read(pipe: int, tmp_path: Path) -> None:
    with (tmp_path / "pipe").open("w") as file:
        writing = subprocess.Popen([sys.executable, "-c", WRITES], cwd=ROOT, stderr=file)
    assert writing.wait(20) == 0
