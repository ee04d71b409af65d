"""The Python client in docs/clients goes on through kills, expiring tokens and a pruned log."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from tests.docs.python_client.test_calls import Follower, login
from tests.support.api import Api, User, register_at, succeed, through_client
from tests.support.databases import ON_SQLITE
from tests.support.server import Server
from tests.support.waiting import wait_until

pytestmark = ON_SQLITE
KEPT = 3


@pytest.fixture
def server(start_server: Callable[..., Server]) -> Server:
    """A server of one test, which may kill it."""
    return start_server()


def expect(events: Follower, lists: Follower, user: User) -> None:
    """Every event came once, in order, and the last list is the server's."""
    user = user.login(user.username)
    log = succeed(user.get("tasks/events/", params={"limit": 1000}))
    wait_until(lambda: len(events.got) >= log["seq"] or events.failure, what="the events")
    assert events.failure is None
    assert events.got == log["results"]
    tasks = succeed(user.get("tasks/", params={"page_size": 100}))["results"]
    wait_until(lambda: lists.got[-1:] == [tasks] or lists.failure, what="the list")
    assert (events.failure, lists.failure) == (None, None)


@pytest.mark.journey
def test_it_goes_on_after_kill_9(server: Server, user: User, module: Any) -> None:
    tm = login(module, server, user)
    events = Follower(login(module, server, user).events(since=0))
    lists = Follower(login(module, server, user).tasks.live())
    for part in range(3):
        task = tm.tasks.create(title=f"Task {part}")
        killer = threading.Timer(0.01 * part, lambda: (server.kill(), server.start()))
        killer.start()
        for number in range(10):
            tm.tasks.update(task["id"], title=f"Task {part} {number}")
        killer.join()
    tm.tasks.remove(task["id"])
    expect(events, lists, user)


@pytest.mark.journey
def test_it_outlives_its_tokens(start_server: Callable[..., Server], module: Any) -> None:
    server = start_server(ACCESS_TOKEN_SECONDS=2)  # of 1, one is left with 0 to 1
    user = register_at(server.url)
    tm = login(module, server, user)
    events = Follower(login(module, server, user).events(since=0))
    lists = Follower(login(module, server, user).tasks.live())
    for number in range(4):
        tm.tasks.create(title=str(number))
        user = user.login(user.username)
        wait_until(lambda: user.get("tasks/").status == 401, what="the end of a token")  # noqa: B023
    expect(events, lists, user)


@pytest.mark.journey
def test_it_lists_again_what_the_log_has_forgotten(
    server: Server, make_app: Callable[..., Flask], module: Any
) -> None:
    app = make_app(EVENTS_KEEP_COUNT=KEPT)
    user = Api(through_client(app.test_client())).register()
    user.create_task("First")
    events = Follower(login(module, server, user).events(since=0))
    lists = Follower(login(module, server, user).tasks.live(status_task="TO DO"))
    expect(events, lists, user)
    server.kill()
    for number in range(2 * KEPT):
        user.create_task(f"Missed {number}")
    assert app.test_cli_runner().invoke(args=["prune"], catch_exceptions=False).exit_code == 0
    server.start()
    tasks = succeed(user.get("tasks/", params={"page_size": 100}))["results"]
    wait_until(lambda: lists.got[-1] == tasks, what="the new list")
    wait_until(lambda: events.failure, what="the refusal")
    assert (events.failure.code, events.failure.status) == ("position_expired", 410)


def test_a_refusal_says_when_to_come_again(
    start_server: Callable[..., Server], module: Any
) -> None:
    server = start_server(RATELIMIT_ENABLED=True, RATELIMIT_FLOOD="1 per minute")
    nobody = module.connect(server.url)
    for _ in range(2):
        with pytest.raises(module.TaskmasterError) as refusal:
            nobody.tasks.list()
    assert (refusal.value.status, 0 < refusal.value.retry_after <= 60) == (429, True)
