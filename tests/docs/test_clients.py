"""The examples for Python and curl, as they stand in docs/clients."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.driving import CLIENTS, drive_through_a_crash, expect, write
from tests.support.api import Api, User, through_http
from tests.support.process import Process
from tests.support.server import Server
from tests.support.settings import machine_environ
from tests.support.waiting import wait_until

COMMANDS = {
    "python": [sys.executable, str(CLIENTS / "follow.py")],
    "curl": ["sh", str(CLIENTS / "follow.sh")],
}


@pytest.fixture
def user(server: Server) -> User:
    """Somebody new on the server."""
    return Api(through_http(server.url)).register()


@pytest.fixture(params=COMMANDS)
def client(
    request: pytest.FixtureRequest, server: Server, user: User, tmp_path: Path
) -> Iterator[Process]:
    """A running client that has come to the end of the log."""
    environ = machine_environ() | {"TOKEN": str(user.access)}
    command = [*COMMANDS[request.param], server.url]
    process = Process(command, tmp_path / "client.log", environ, tmp_path)
    process.start()
    wait_until((tmp_path / "position").exists, what=f"a position: {process.text()}")
    yield process
    process.kill()


def seen_by(client: Process) -> list[int]:
    lines = client.text().splitlines()
    return [json.loads(line)["seq"] for line in lines if line.startswith("{")]


def test_it_goes_on_after_the_server_was_killed(
    server: Server, user: User, client: Process
) -> None:
    drive_through_a_crash(server, user, lambda: seen_by(client))


@pytest.mark.parametrize("client", ["python"], indirect=True)
def test_it_goes_on_after_it_was_killed_itself(
    server: Server, user: User, client: Process, tmp_path: Path
) -> None:
    write(server, user, 3)
    expect(lambda: seen_by(client), 3)
    wait_until(lambda: (tmp_path / "position").read_text().strip() == "3", what="the position")
    client.kill()
    write(server, user, 3)
    client.start()
    expect(lambda: seen_by(client), 6)
