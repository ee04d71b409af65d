"""The Socket.IO room, in this process: who is in it, and what goes to it."""

from flask import Flask
from sqlalchemy import Engine

from tests.support.api import User
from tests.support.stream_client import NAMESPACE
from tests.support.waiting import wait_until


def test_a_client_that_has_caught_up_is_in_the_room_of_its_user(app: Flask, user: User) -> None:
    user.create_task("Before")
    socketio = app.extensions["socketio"]
    client = socketio.test_client(app, namespace=NAMESPACE, auth={"token": user.access, "since": 0})
    assert client.is_connected(NAMESPACE)
    rooms = socketio.server.manager.rooms
    wait_until(lambda: user.id in rooms[NAMESPACE], what="the room named by the user's id")
    assert len(rooms[NAMESPACE][user.id]) == 1
    user.create_task("Live")
    received: list[str] = []

    def all_received() -> bool:
        received.extend(message["name"] for message in client.get_received(NAMESPACE))
        return len(received) == 3

    wait_until(all_received, what=f"three messages, not {received}")
    assert received == ["task_create", "stream_ready", "task_create"]
    client.disconnect(NAMESPACE)
    wait_until(lambda: user.id not in rooms.get(NAMESPACE, {}), what="the room to be empty")
    wait_until(lambda: not app.extensions["hub"].subscriptions(), what="nobody to follow")


def test_waiting_holds_no_database_connection(app: Flask, user: User) -> None:
    socketio = app.extensions["socketio"]
    client = socketio.test_client(app, namespace=NAMESPACE, auth={"token": user.access})
    rooms = socketio.server.manager.rooms
    wait_until(lambda: user.id in rooms.get(NAMESPACE, {}), what="the room")
    engine: Engine = app.extensions["hub"]._engine
    wait_until(lambda: engine.pool.checkedout() == 0, what="no connection in use")
    client.disconnect(NAMESPACE)
    wait_until(lambda: not app.extensions["hub"].subscriptions(), what="nobody to follow")
