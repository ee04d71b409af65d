import logging

import pytest
from flask import Flask

from taskmaster.core import lifecycle


def test_callbacks_run_in_order_and_the_last_is_stopped_first() -> None:
    app, ran = Flask("one"), list[str]()
    for name in ("a", "b"):
        lifecycle.on_start(app, lambda name=name: ran.append(f"start {name}"))
        lifecycle.on_stop(app, lambda name=name: ran.append(f"stop {name}"))
    lifecycle.start(app)
    lifecycle.stop(app)
    assert ran == ["start a", "start b", "stop b", "stop a"]


def test_failing_stop_callback_does_not_keep_the_others(caplog: pytest.LogCaptureFixture) -> None:
    app, ran = Flask("one"), list[str]()
    lifecycle.on_stop(app, lambda: ran.append("first"))
    lifecycle.on_stop(app, lambda: 1 / 0)
    with caplog.at_level(logging.ERROR):
        lifecycle.stop(app)
    assert ran == ["first"]
    assert "ZeroDivisionError" in caplog.text


def test_apps_stop_independently() -> None:
    one, other = Flask("one"), Flask("other")
    lifecycle.begin_stop(one)
    assert (lifecycle.stopping(one), lifecycle.stopping(other)) == (True, False)
