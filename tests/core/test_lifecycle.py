import threading

import pytest
import structlog
from flask import Flask, current_app
from prometheus_client import REGISTRY
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from taskmaster.core import lifecycle, outages
from tests.support.waiting import wait_until


def test_callbacks_run_in_order_and_the_last_is_stopped_first() -> None:
    app, ran = Flask("one"), list[str]()
    for name in ("a", "b"):
        lifecycle.on_start(app, lambda name=name: ran.append(f"start {name}"))
        lifecycle.on_stop(app, lambda name=name: ran.append(f"stop {name}"))
    lifecycle.start(app)
    lifecycle.stop(app)
    assert ran == ["start a", "start b", "stop b", "stop a"]


def test_failing_stop_callback_does_not_keep_the_others() -> None:
    app, ran = Flask("one"), list[str]()
    lifecycle.on_stop(app, lambda: ran.append("first"))
    lifecycle.on_stop(app, lambda: 1 / 0)
    with capture_logs() as lines:
        lifecycle.stop(app)
    assert ran == ["first"]
    assert [(line["event"], line["exc_info"]) for line in lines] == [("stop_failed", True)]


def test_without_a_word_from_the_server_it_starts_once_with_the_first_request() -> None:
    app, ran = Flask("one"), list[str]()
    lifecycle.on_start(app, lambda: ran.append("start"))
    lifecycle.start_with_first_request(app)
    assert ran == []
    for _ in range(2):
        app.test_client().get("/")
        assert ran == ["start"]


def test_server_that_starts_it_does_so_before_the_first_request() -> None:
    app, ran = Flask("one"), list[str]()
    lifecycle.on_start(app, lambda: ran.append("start"))
    lifecycle.start_with_first_request(app)
    lifecycle.start(app)
    app.test_client().get("/")
    assert ran == ["start"]


def test_what_is_done_again_and_again_goes_on_after_an_error_until_the_stop() -> None:
    app, calls = Flask("one"), list[str]()

    def fail() -> None:
        calls.append(current_app.name)
        raise ZeroDivisionError

    lifecycle.every(app, 0.001, fail, "test")
    assert calls == []
    lifecycle.start(app)
    wait_until(lambda: len(calls) > 2, what="three calls")
    assert set(calls) == {"one"}
    lifecycle.stop(app)
    wait_until(lambda: "test" not in {thread.name for thread in threading.enumerate()})
    assert REGISTRY.get_sample_value("failures_total", {"event": "test_failed"}) == len(calls)


def test_what_the_database_said_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    app = Flask("one")

    def fail() -> None:
        raise OperationalError("SELECT 1", {}, Exception("no such role"))

    monkeypatch.setattr(outages, "log", structlog.get_logger())  # others have bound the first one
    lifecycle.every(app, 0.001, fail, "test")
    with capture_logs() as lines:
        lifecycle.start(app)
        wait_until(lambda: lines, what="a line")
        lifecycle.stop(app)
    assert (lines[0]["error"], lines[0]["cause"]) == ("OperationalError", "no such role")
