"""The examples for Python and curl, as they stand in docs/clients."""

import json
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.docs.driving import CLIENTS, drive_through_a_crash, expect, write
from tests.support.api import User, succeed
from tests.support.process import Process
from tests.support.server import Server
from tests.support.settings import machine_environ
from tests.support.waiting import wait_until

COMMANDS = {
    "python": [sys.executable, str(CLIENTS / "print_events.py")],
    "curl": ["sh", str(CLIENTS / "follow.sh")],
}
REPLAYS = 20
ON_ONE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
Follow = Callable[[str], Process]


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
def client(request: pytest.FixtureRequest, follow: Follow, position: Path) -> Process:
    """A running client that has come to the end of the log."""
    process = follow(request.param)
    wait_until(position.exists, what=f"a position: {process.text()}")
    return process


def seen_by(client: Process) -> list[int]:
    lines = client.text().splitlines()
    return [json.loads(line)["seq"] for line in lines if line.startswith("{")]


def wait_for_position(position: Path, seq: int) -> None:
    wait_until(lambda: position.read_text() == f"{seq}\n", what=f"position {seq}")


@pytest.mark.journey
def test_it_goes_on_after_the_server_was_killed(
    server: Server, user: User, client: Process
) -> None:
    drive_through_a_crash(server, user, partial(seen_by, client))


@pytest.mark.journey
@pytest.mark.parametrize("client", ["python"], indirect=True)
def test_it_goes_on_after_it_was_killed_itself(
    server: Server, user: User, client: Process, position: Path
) -> None:
    write(server, user, 3)
    expect(partial(seen_by, client), 3)
    wait_for_position(position, 3)
    client.kill()
    write(server, user, 3)
    client.start()
    expect(partial(seen_by, client), 6)


@ON_ONE
@pytest.mark.journey
def test_each_goes_on_where_another_stopped(
    server: Server, user: User, follow: Follow, position: Path
) -> None:
    position.write_text("0\n")
    for number, name in enumerate(("python", "curl", "python"), 1):
        write(server, user, 3)
        client = follow(name)
        expect(partial(seen_by, client), 3 * number)
        wait_for_position(position, 3 * number)
        client.kill()
        server.restart()  # which ends the curl that its shell left behind


@ON_ONE
@pytest.mark.journey
def test_each_replay_is_in_order(user: User, follow: Follow, position: Path) -> None:
    """Each event stands on a line of its own, and the position is the last one's."""
    for count in (100, 51):
        operations = [{"action": "create", "task": {"title": "Replayed"}}] * count
        succeed(user.bulk(*operations))
    for _ in range(REPLAYS):
        position.write_text("0\n")
        client = follow("python")
        wait_for_position(position, 151)
        events = client.text().splitlines()
        assert [json.loads(event)["seq"] for event in events] == list(range(1, 152))
        client.kill()
        client.log.unlink()


@ON_ONE
@pytest.mark.parametrize("name", COMMANDS)
def test_it_names_the_code_of_a_refusal_and_stays_away(
    user: User, follow: Follow, position: Path, name: str
) -> None:
    succeed(user.post("auth/logout/"))
    client = follow(name)
    assert client.child.wait(30) == 1
    assert "token_revoked" in client.text()
    assert not position.exists()


@ON_ONE
@pytest.mark.parametrize("client", COMMANDS, indirect=True)
def test_it_stays_away_after_a_goodbye_for_good(user: User, client: Process) -> None:
    succeed(user.post("auth/logout/"))
    assert client.child.wait(30) == 1
    assert "session_ended" in client.text()
