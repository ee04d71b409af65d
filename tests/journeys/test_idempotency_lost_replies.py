"""Replies that are lost, and servers killed at any point: a key gives one task and one event."""

import json
import random
import socket
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
import requests
from sqlalchemy import select

from taskmaster.core.idempotency import keys
from tests.support.api import PREFIX, User, register_at
from tests.support.asserts import events_of
from tests.support.databases import Database
from tests.support.server import Server
from tests.support.tables import contents

pytestmark = pytest.mark.timeout(600)

TRIES = 970
KILLS = 30
CHANCE = random.Random(7)  # noqa: S311 (the same points every time)


def headers_of(user: User, key: str) -> dict[str, str]:
    return user.headers | {"Idempotency-Key": key, "Content-Type": "application/json"}


def request_of(user: User, key: str, body: bytes) -> bytes:
    head = headers_of(user, key) | {"Host": "127.0.0.1", "Content-Length": str(len(body))}
    lines = [f"POST {PREFIX}tasks/ HTTP/1.1", *(f"{name}: {value}" for name, value in head.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body


def send_and_hang_up(server: Server, user: User, key: str, body: bytes) -> None:
    """Send a request and cut the connection: in it, right behind it, or at the first byte back."""
    message = request_of(user, key, body)
    with socket.create_connection(("127.0.0.1", server.port), 5) as connection:
        point = CHANCE.randrange(3)
        connection.sendall(message[: CHANCE.randrange(len(message))] if point == 0 else message)
        if point == 2:
            connection.recv(1)
        linger = b"\x01\x00\x00\x00\x00\x00\x00\x00"  # reset at once: no reply can arrive
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)


def body_of(key: str) -> bytes:
    return json.dumps({"title": key}).encode()


def create(user: User, key: str, replies: dict[str, Any]) -> None:
    """Create a task under a key, and keep the reply."""
    headers = headers_of(user, key)
    reply = user.call("POST", "tasks/", data=body_of(key), headers=headers)
    assert reply.status == 201, reply.body
    replies[key] = reply.json


def is_known(database: Database, key: str) -> bool:
    """Tell whether what a key stands for is committed already."""
    with database.engine.connect() as connection:
        found = connection.execute(select(keys.c.key).where(keys.c.key == key))
        return found.first() is not None


def assert_one_each(database: Database, user: User, replies: dict[str, Any]) -> None:
    """Assert that each key has one task, one event and the reply that tells of them."""
    log = events_of(database, user.id)
    assert [event["seq"] for event in log] == [*range(1, len(replies) + 1)]
    assert Counter(event["task_id"] for event in log) == Counter(t["id"] for t in replies.values())
    assert len(contents(database)["tasks"]) == len(replies)
    titles = {event["payload"]["title"]: event["task_id"] for event in log}
    assert titles == {key: task["id"] for key, task in replies.items()}


def test_lost_replies(server: Server, user: User, database: Database) -> None:
    replies: dict[str, Any] = {}
    committed = 0
    for number in range(TRIES):
        key = f"key {number}"
        for _ in range(CHANCE.randrange(1, 3)):
            send_and_hang_up(server, user, key, body_of(key))
        committed += is_known(database, key)
        create(user, key, replies)
    assert_one_each(database, user, replies)
    print(
        f"\n{database.backend}: {TRIES} connections cut, {committed} seen to be behind the commit: "
        "one task and one event each"
    )
    assert 0 < committed < TRIES


def test_killed_servers(start_server: Callable[..., Server], database: Database) -> None:
    server = start_server()
    user = register_at(server.url)
    replies: dict[str, Any] = {}
    lost = 0
    for _ in range(KILLS):
        # The shot falls somewhere in the next dozen requests.
        shot = threading.Timer(CHANCE.uniform(0, 0.05), server.kill)
        shot.start()
        key = create_until_lost(user, replies)
        shot.join()
        known = {event["payload"]["title"] for event in events_of(database, user.id)}
        lost += key in known
        server.start()
        create(user, key, replies)
    assert_one_each(database, user, replies)
    print(
        f"\n{database.backend}: {KILLS} kill -9 in {len(replies)} creations, {lost} of them "
        "between the commit and the reply"
    )


def create_until_lost(user: User, replies: dict[str, Any]) -> str:
    """Create tasks until an answer fails to come; return the key that got none."""
    while True:
        key = f"key {len(replies)}"
        try:
            create(user, key, replies)
        except requests.RequestException:
            return key
