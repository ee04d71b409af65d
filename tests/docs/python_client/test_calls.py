"""The Python client as it stands in docs/clients: what it sends, yields and raises."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tests.docs.driving import CLIENTS
from tests.support.api import PASSWORD, User, succeed
from tests.support.server import Server

pytestmark = pytest.mark.parametrize("module_database", ["sqlite"], indirect=True)


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


@pytest.mark.usefixtures("module_database")
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
