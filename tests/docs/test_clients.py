"""The examples for Python and curl, as they stand in docs/clients, go on through cuts."""

import json
from functools import partial
from pathlib import Path

import pytest

from tests.docs.conftest import Follow
from tests.docs.driving import drive_through_a_crash, expect, write
from tests.support.api import User, succeed
from tests.support.databases import ON_SQLITE
from tests.support.process import Process
from tests.support.server import Server
from tests.support.waiting import wait_until

pytestmark = pytest.mark.journey
REPLAYS = 20


def seen_by(client: Process) -> list[int]:
    lines = client.text().splitlines()
    return [json.loads(line)["seq"] for line in lines if line.startswith("{")]


def wait_for_position(position: Path, seq: int) -> None:
    wait_until(lambda: position.read_text() == f"{seq}\n", what=f"position {seq}")


def test_it_goes_on_after_the_server_was_killed(
    server: Server, user: User, example: Process
) -> None:
    drive_through_a_crash(server, user, partial(seen_by, example))


@pytest.mark.parametrize("example", ["python"], indirect=True)
def test_it_goes_on_after_it_was_killed_itself(
    server: Server, user: User, example: Process, position: Path
) -> None:
    write(server, user, 3)
    expect(partial(seen_by, example), 3)
    wait_for_position(position, 3)
    example.kill()
    write(server, user, 3)
    example.start()
    expect(partial(seen_by, example), 6)


@ON_SQLITE
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


@ON_SQLITE
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
