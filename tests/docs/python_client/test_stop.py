"""The Python client stops its streams where it is told to (`stop`)."""

import signal
import threading
from pathlib import Path
from timeit import default_timer
from typing import Any

import pytest

from tests.docs.blocks import block, terminal
from tests.docs.driving import CLIENTS
from tests.docs.python_client.test_calls import Follower, login
from tests.support.api import Api, User, through_http
from tests.support.server import Server
from tests.support.waiting import wait_until

pytestmark = pytest.mark.parametrize("module_database", ["sqlite"], indirect=True)


def test_it_ends_after_the_event_that_it_waited_for(
    server: Server, user: User, module: Any
) -> None:
    stop, tm = threading.Event(), login(module, server, user)
    messages = tm.messages(stop=stop)
    assert next(messages)["action"] == "stream_ready"
    user.create_task()
    assert next(messages)["action"] == "task_create"
    stop.set()
    begun = default_timer()
    assert next(messages, None) is None
    assert default_timer() - begun < 10  # the next sign of life would come after 15 s


def test_another_thread_stops_it(server: Server, user: User, module: Any) -> None:
    """It looks at each line that comes; an event that comes later is left for the next time."""
    stop, tm = threading.Event(), login(module, server, user)
    events, lists = Follower(tm.events(since=0, stop=stop)), Follower(tm.tasks.live(stop))
    task = user.create_task("Before")
    wait_until(lambda: events.got and lists.got[-1:] == [[task]], what="the task")
    stop.set()
    user.create_task("Later")
    for one in (events, lists):
        one.thread.join(30)
        assert (one.thread.is_alive(), one.failure) == (False, None)
    assert [event["title"] for event in events.got] == ["Before"]


@pytest.mark.usefixtures("module_database")
def test_it_is_stopped_while_it_waits_for_the_server(
    module: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop, waits = threading.Event(), threading.Event()
    monkeypatch.setattr(module.random, "uniform", lambda *_: waits.set() or 1000)
    events = Follower(module.connect("http://127.0.0.1:9").events(stop=stop))
    assert waits.wait(30)
    stop.set()
    events.thread.join(30)
    assert (events.thread.is_alive(), events.failure) == (False, None)


@pytest.mark.journey
def test_the_page_stops_it_in_asyncio(server: Server, tmp_path: Path) -> None:
    """The first line after Ctrl C is the sign of life."""
    ada = Api(through_http(server.url)).register("ada_l", password="correct horse")
    ada.create_task("One")
    code = block("stop", "python")
    with terminal(server.url, code, tmp_path / "log", CLIENTS, "python") as program:
        wait_until(lambda: "1 task_create" in program.text(), what="the event")
        program.child.send_signal(signal.SIGINT)
        program.child.wait(30)
    assert "KeyboardInterrupt" in program.text()
