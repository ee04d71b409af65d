"""The runner of each mode in a plain process; `tests/serving` tries them under a server."""

import pytest
from flask import Flask

from taskmaster.core import clock, concurrency
from taskmaster.core.concurrency import SLOW_WORK, TURN, in_turns, run_blocking
from taskmaster.core.lines import Lines


@pytest.mark.parametrize("mode", ["eventlet", "gevent", "threading"])
def test_result_and_error_come_back(mode: str) -> None:
    app = Flask("one")
    app.config["ASYNC_MODE"] = mode
    SLOW_WORK.fill(app, Lines(0, 10, 2))
    with app.app_context():
        assert run_blocking(divmod, 7, 2) == (3, 1)
        with pytest.raises(ZeroDivisionError):
            run_blocking(divmod, 7, 0)


def test_long_work_lets_others_run_after_each_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    elapsed, pauses, done = 0.0, list[int](), list[int]()
    monkeypatch.setattr(clock, "monotonic", lambda: elapsed)
    monkeypatch.setattr(concurrency, "pause", lambda: pauses.append(len(done)))
    for part in in_turns(range(10)):
        done.append(part)
        elapsed += TURN * 0.4
    assert done == list(range(10))
    assert pauses == [3, 6, 9]
