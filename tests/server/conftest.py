"""A real server process with a tiny app, and clients that speak raw HTTP to it."""

import os
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.server.rawclient import RawClient
from tests.support.process import Process
from tests.support.waiting import wait_until

MODES = ("eventlet", "gevent", "threading")

Start = Callable[..., "TinyServer"]


class TinyServer(Process):
    """`tests/server/tiny.py` on a free port."""

    def __init__(self, log: Path, mode: str, **environ: str) -> None:
        command = [sys.executable, "-W", "error::ResourceWarning", "-m", "tests.server.tiny"]
        super().__init__(command, log, {**os.environ, "ASYNC_MODE": mode, **environ})
        self.port = 0

    def start(self) -> None:
        super().start()
        found = wait_until(self._address, what="announced")
        self.port = int(found[1])

    def _address(self) -> re.Match[str] | None:
        assert self.running, self.text()
        return re.search(r"Taskmaster on http://127\.0\.0\.1:(\d+)", self.text())

    def connect(self) -> RawClient:
        return RawClient(self.port)

    def get(self, path: str) -> bytes:
        """Return the body of one answer on a connection of its own."""
        with self.connect() as client:
            client.request("GET", path)
            return client.response().body


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start tiny servers that end with the test."""
    started: list[TinyServer] = []

    def start_one(mode: str, **environ: str) -> TinyServer:
        server = TinyServer(tmp_path / f"{len(started)}.log", mode, **environ)
        started.append(server)
        server.start()
        return server

    yield start_one
    for server in started:
        server.stop()


@pytest.fixture(scope="session", params=MODES)
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TinyServer]:
    """One server for many tests, in each async mode; it must not print a traceback."""
    log = tmp_path_factory.mktemp("server") / f"{request.param}.log"
    server = TinyServer(log, request.param, REQUEST_SECONDS="1")
    server.start()
    yield server
    assert server.terminate() == 0
    assert "Traceback" not in server.text(), server.text()
