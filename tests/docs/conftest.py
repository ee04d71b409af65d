"""Fixtures of the clients in docs/clients."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.docs.driving import CLIENTS
from tests.support.api import User, register_at
from tests.support.process import Process
from tests.support.server import Server
from tests.support.settings import machine_environ
from tests.support.waiting import wait_until

COMMANDS = {
    "python": [sys.executable, str(CLIENTS / "print_events.py")],
    "curl": ["sh", str(CLIENTS / "follow.sh")],
}
Follow = Callable[[str], Process]


@pytest.fixture
def user(server: Server) -> User:
    """Somebody new on the server."""
    return register_at(server.url)


@pytest.fixture
def position(tmp_path: Path) -> Path:
    """Where every client keeps its position."""
    return tmp_path / "position"


@pytest.fixture
def follow(server: Server, user: User, tmp_path: Path) -> Iterator[Follow]:
    """Start a client by its name; all write to one log."""
    started: list[Process] = []

    def start(name: str) -> Process:
        environ = machine_environ() | {"ACCESS": user.access}
        command = [*COMMANDS[name], server.url]
        started.append(Process(command, tmp_path / "client.log", environ, tmp_path))
        started[-1].start()
        return started[-1]

    yield start
    for process in started:
        process.kill()


@pytest.fixture(params=COMMANDS)
def example(request: pytest.FixtureRequest, follow: Follow, position: Path) -> Process:
    """A running client that has come to the end of the log."""
    process = follow(request.param)
    wait_until(position.exists, what=f"a position: {process.text()}")
    return process
