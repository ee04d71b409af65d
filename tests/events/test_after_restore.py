"""`flask after-restore`: positions that are not of this history are told so, on every way."""

import pytest
from flask import Flask

from taskmaster.core.auth import Principal
from taskmaster.events.commands import SKIPPED
from taskmaster.streams.handshake import HUB
from taskmaster.streams.subscription import Connection
from tests.support.api import Api, User, succeed
from tests.support.asserts import assert_problem


@pytest.fixture
def restored(app: Flask, user: User) -> User:
    """A user whose backup has two events, where clients may have seen five, and who goes on."""
    user.create_task("Kept")
    user.create_task("Kept too")
    result = app.test_cli_runner().invoke(args=["after-restore"], catch_exceptions=False)
    assert (result.exit_code, result.output[-3:]) == (0, " 1\n")
    for number in range(5):  # past what clients have seen
        user.create_task(f"New {number}")
    return user


@pytest.mark.parametrize("seen", [2, 3, 5, 6])
def test_who_has_seen_what_is_gone_lists_again(app: Flask, restored: User, seen: int) -> None:
    reply = restored.get("tasks/events/", params={"since": seen})
    assert_problem(reply, 410, "position_expired")
    principal = Principal(restored.id, restored.id, 2**40)
    with HUB.get(app).subscribe(principal, seen, Connection()) as subscription:
        messages = [next(iter(subscription.reader.next_batch())) for _ in range(2)]
    assert [message.name for message in messages] == ["stream_reset", "stream_ready"]
    assert '"expired"' in messages[0].payload


def test_the_numbers_go_on(api: Api, restored: User) -> None:
    position = succeed(restored.get("tasks/events/", params={"since": SKIPPED + 2}))
    numbers = [event["seq"] for event in position["results"]]
    assert numbers == [SKIPPED + 3 + number for number in range(5)]
    assert succeed(restored.get("tasks/"))["count"] == 7
    assert succeed(api.register().get("tasks/events/", params={"since": 0}))["seq"] == 0
