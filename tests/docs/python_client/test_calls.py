"""The Python client as it stands in docs/clients: through kills, expiring tokens, lost replies."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask

from tests.docs.driving import CLIENTS
from tests.support.api import PASSWORD, Api, User, register_at, succeed, through_client
from tests.support.server import Server
from tests.support.waiting import wait_until

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
KEPT = 3
Task = dict[str, Any]


class Follower:
    """Keeps what an iterator yields, in a thread."""

    def __init__(self, source: Iterator[Any]) -> None:
        self.got: list[Any] = []
        self.failure: Any = None
        self._source = source
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        try:
            self.got.extend(iter(self._source))
        except Exception as error:
            self.failure = error


def login(module: Any, server: Server, user: User) -> Any:
    tm = module.connect(server.url)
    assert tm.login(user.username, PASSWORD) == tm.user
    return tm


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


def test_a_write_whose_reply_was_lost_is_made_once(
    server: Server, user: User, module: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    tm = login(module, server, user)
    urlopen, lost = module.urlopen, list[str]()

    def lose_every_other(request: Any, **options: Any) -> Any:
        response = urlopen(request, **options)
        lost.append(request.method)
        if len(lost) % 2:
            raise ConnectionResetError("lost on the way")
        return response

    monkeypatch.setattr(module, "urlopen", lose_every_other)
    task = tm.tasks.create(title="One")
    assert tm.tasks.update(task["id"], title="Two")["title"] == "Two"
    assert tm.tasks.get(task["id"])["title"] == "Two"
    operations = [{"action": "create", "task": {"title": "Three"}}]
    assert [one["title"] for one in tm.tasks.bulk(operations)] == ["Three"]
    tm.tasks.remove(task["id"])
    assert lost == [method for method in ("POST", "PATCH", "GET", "POST") for _ in "12"] + [
        "DELETE"
    ]
    monkeypatch.undo()
    assert tm.tasks.restore(task["id"])["title"] == "Two"
    actions = [event["action"] for event in succeed(user.get("tasks/events/"))["results"]]
    assert actions == [
        f"task_{what}" for what in ("create", "update", "create", "delete", "create")
    ]


def test_refusals_are_exceptions_with_a_code(server: Server, user: User, module: Any) -> None:
    tm = login(module, server, user)
    page = tm.tasks.list(status_task=["TO DO", "DONE"], page_size=5)
    assert (page["count"], page["position"]) == (0, 0)
    away = module.connect("http://127.0.0.1:9")
    for call, code, status in (
        (lambda: tm.tasks.create(title=""), "validation_failed", 422),
        (lambda: tm.tasks.remove("1"), "not_found", 404),
        (lambda: away.login("nobody", "nothing"), "offline", 0),
        (lambda: module.connect(server.url).login("nobody", "nothing"), "bad_credentials", 401),
        (lambda: next(module.connect(server.url, "no token").events()), "invalid_token", 401),
    ):
        with pytest.raises(module.TaskmasterError) as refusal:
            call()
        assert (refusal.value.code, refusal.value.status) == (code, status)
        assert bool(refusal.value.errors) == (status == 422)
        assert bool(refusal.value.request_id) == (status != 0)
    tm.logout()
    with pytest.raises(module.TaskmasterError):
        tm.tasks.list()
    assert tm.user is None


def test_a_refusal_says_when_to_come_again(
    start_server: Callable[..., Server], module: Any
) -> None:
    server = start_server(RATELIMIT_ENABLED=True, RATELIMIT_FLOOD="1 per minute")
    nobody = module.connect(server.url)
    for _ in range(2):
        with pytest.raises(module.TaskmasterError) as refusal:
            nobody.tasks.list()
    assert (refusal.value.status, 0 < refusal.value.retry_after <= 60) == (429, True)


@pytest.mark.usefixtures("database")
def test_it_is_typed() -> None:
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file", os.devnull]
    checked = subprocess.run(
        [*command, "taskmaster.py", "print_events.py"],
        cwd=CLIENTS, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stdout


def test_a_page_says_where_the_next_one_is(server: Server, user: User, module: Any) -> None:
    tasks = [user.create_task(str(number)) for number in range(3)]
    page = login(module, server, user).tasks.list
    assert page(page=1, page_size=2)["next"].startswith(f"{server.url}/api/v1/tasks/?")
    assert page(page=2, page_size=2)["next"] is None
    start = page(cursor="", page_size=2, search=None)
    end = page(cursor=start["next"], page_size=2)
    assert [*start["results"], *end["results"]] == tasks[::-1]
    assert end["next"] is None
