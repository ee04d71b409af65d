"""The Socket.IO room, in this process: who is in it, and what goes to it."""

import json

from flask import Flask

from taskmaster.core.database import DATABASES
from taskmaster.events.user_log import RecentEvents, UserLog
from taskmaster.streams.handshake import HUB
from taskmaster.streams.socketio.namespace import Room
from tests.support.api import User
from tests.support.stream_client import NAMESPACE
from tests.support.stream_polling import ManualPolling
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


def test_a_room_of_those_who_have_gone_is_not_entered(app: Flask, user: User) -> None:
    namespace = app.extensions["socketio"].server.namespace_handlers[NAMESPACE]
    dead = Room(UserLog(user.id, DATABASES.get(app).reading, RecentEvents()), 0, lambda _: None)
    namespace._rooms[user.id] = dead
    polling = ManualPolling(user)
    poll_until(polling, "stream_ready")
    for number in range(3):
        user.create_task(str(number))
        assert poll_until(polling, "task_create") == ["task_create"]
    assert namespace._rooms[user.id] is not dead
    polling.post(f"41{NAMESPACE},")
    wait_until(lambda: not HUB.get(app).subscriptions(), what="nobody to follow")


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
    assert 30_000 < idle.queued < 33_000
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
