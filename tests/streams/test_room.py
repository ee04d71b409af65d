"""The Socket.IO room, in this process: who is in it, and what goes to it."""

import json
from math import ceil
from typing import Any

import pytest
from flask import Flask

from taskmaster.core import clock
from taskmaster.core.database import DATABASES
from taskmaster.core.errors import ApiError
from taskmaster.streams import token_bucket
from taskmaster.streams.handshake import HUB, identify, position, renew
from taskmaster.streams.takeover import Connection
from tests.support.api import User
from tests.support.databases import ON_SQLITE
from tests.support.stream_client import NAMESPACE
from tests.support.stream_polling import SEPARATOR, ManualPolling
from tests.support.waiting import wait_until


def poll_until(polling: ManualPolling, last: str) -> list[str]:
    """Return the names of the events that come, up to the one of this name."""
    names: list[str] = []
    while last not in names:
        events = [packet for packet in polling.packets() if packet.startswith("42")]
        names += [json.loads(event.partition(",")[2])[0] for event in events]
    return names


def test_a_client_that_has_caught_up_is_in_the_room_of_its_user(app: Flask, user: User) -> None:
    user.create_task("Before")
    polling = ManualPolling(user, since=0)
    assert poll_until(polling, "stream_ready") == ["task_create", "stream_ready"]
    user.create_task("Live")
    assert poll_until(polling, "task_create") == ["task_create"]
    rooms = app.extensions["socketio"].server.manager.rooms
    wait_until(lambda: user.id in rooms[NAMESPACE], what="the room named by the user's id")
    assert len(rooms[NAMESPACE][user.id]) == 1
    user.create_task("In the room")
    assert poll_until(polling, "task_create") == ["task_create"]
    polling.post(f"41{NAMESPACE},")
    wait_until(lambda: user.id not in rooms.get(NAMESPACE, {}), what="the room to be empty")
    wait_until(lambda: not HUB.get(app).subscriptions(), what="nobody to follow")


def test_a_room_of_a_log_that_is_fed_no_more_is_not_entered(app: Flask, user: User) -> None:
    hub, stale = HUB.get(app), ManualPolling(user)
    poll_until(stale, "stream_ready")
    rooms = app.extensions["socketio"].server.manager.rooms[NAMESPACE]
    wait_until(lambda: len(rooms.get(user.id, ())) == 1, what="a room")
    known = hub.users.pop(user.id)
    polling = ManualPolling(user)
    poll_until(polling, "stream_ready")
    for number in range(3):
        user.create_task(str(number))
        assert poll_until(polling, "task_create") == ["task_create"]
    polling.post(f"41{NAMESPACE},")
    wait_until(lambda: not hub.subscriptions(), what="nobody to follow")
    hub.users[user.id] = known
    stale.post(f"41{NAMESPACE},")
    wait_until(lambda: not hub.subscriptions(), what="nobody at all")


def test_what_waits_for_a_client_is_counted(app: Flask, user: User) -> None:
    clients = [ManualPolling(user) for _ in range(2)]
    for polling in clients:
        poll_until(polling, "stream_ready")
    members = app.extensions["socketio"].server.manager.rooms[NAMESPACE]
    wait_until(lambda: len(members.get(user.id, ())) == 2, what="both in the room")
    idle, reader = app.extensions["socketio"].server.eio.sockets.values()
    for number in range(3):
        user.create_task(str(number), description="x" * 10_000)
        poll_until(clients[1], "task_create")
    wait_until(lambda: idle.queued > 30_000, what="the third for the idle one")
    assert idle.queued < 33_000
    assert reader.queued < 100
    seen: list[str] = []
    while len(seen) < 3:
        seen += poll_until(clients[0], "task_create")
    assert idle.queued < 100
    for polling in clients:
        polling.post(f"41{NAMESPACE},")
    wait_until(lambda: not HUB.get(app).subscriptions(), what="nobody to follow")


def test_waiting_holds_no_database_connection(app: Flask, user: User) -> None:
    polling = ManualPolling(user)
    polling.wait("stream_ready")
    engine = DATABASES.get(app).reading
    wait_until(lambda: engine.pool.checkedout() == 0, what="no connection in use")
    polling.post(f"41{NAMESPACE},")
    wait_until(lambda: not HUB.get(app).subscriptions(), what="nobody to follow")


def test_nobody_joins_after_the_end(app: Flask, user: User) -> None:
    polling = ManualPolling(user)
    polling.wait("stream_ready")
    manager = app.extensions["socketio"].server.manager
    again = json.dumps({"token": user.access})
    polling.post(SEPARATOR.join(["1", "40/one,", "40/two,", f"40{NAMESPACE},{again}"]))
    wait_until(lambda: not HUB.get(app).subscriptions(), what="nobody to follow")
    assert manager.rooms == {}
    assert not any(manager.pending_connect.values())


def test_a_token_is_renewed_now_and_then(
    app: Flask, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(token_bucket, "FRAMES_PER_SECOND", 0.0)
    polling = ManualPolling(user)
    polling.wait("stream_ready")
    renewal = json.dumps(["authenticate", {"token": user.access}])
    for _ in range(7):
        polling.post(f"42{NAMESPACE},{renewal}")
    answers: list[str] = []
    while len(answers) < 7:
        answers += [packet for packet in polling.packets() if packet.startswith("42")]
    assert sum("rate_limited" in answer for answer in answers) == 2
    assert sum("authenticated" in answer for answer in answers) == 5
    polling.post(f"41{NAMESPACE},")
    wait_until(lambda: not HUB.get(app).subscriptions(), what="nobody to follow")


def test_who_renews_too_often_is_granted_one_a_second(
    app: Flask, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = ceil(clock.monotonic())
    with app.test_request_context():
        opening = HUB.get(app).subscribe(identify(user.access), None, Connection())
        with opening as stream:
            answers = []
            for half_second in range(40):
                now = start + half_second / 2
                monkeypatch.setattr(clock, "monotonic", lambda now=now: now)
                answers.append(renew(stream, user.access).name)
    assert answers[:5] == ["authenticated"] * 5
    assert answers[20:].count("authenticated") == 10


@pytest.mark.parametrize("packet", ["4" + "é" * 30_000, f'4["{"x" * 60_000}"]'])
def test_bytes_that_are_posted_count_whatever_they_say(
    app: Flask, user: User, monkeypatch: pytest.MonkeyPatch, packet: str
) -> None:
    monkeypatch.setattr(token_bucket, "BYTES_PER_SECOND", 0.0)
    polling = ManualPolling(user)
    polling.wait("stream_ready")
    for _ in range(int(token_bucket.MAX_BYTES) // 60_000 + 1):
        polling.post(packet)
    assert polling.wait("stream_closed")["code"] == "flood"
    wait_until(lambda: not HUB.get(app).subscriptions(), what="nobody to follow")


ODD: list[Any] = [[[]], {}, 1.5, True, ["x"], "[" * 2000, json.loads("[" * 900 + "]" * 900)]


@ON_SQLITE
def test_only_text_is_a_token_and_only_a_number_a_position(app: Flask) -> None:
    for odd in ODD:
        with app.test_request_context():
            with pytest.raises(ApiError) as refused:
                identify(odd)
            assert refused.value.problem["status"] == 401, odd
            with pytest.raises(ApiError) as refused:
                position(odd)
            assert refused.value.problem["status"] == 422, odd
    assert (position(3), position("3"), position(None)) == (3, 3, None)
