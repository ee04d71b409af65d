"""A failure that repeats itself does not fill the log, and is counted each time."""

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog
from prometheus_client import REGISTRY
from structlog.testing import capture_logs
from structlog.typing import EventDict

from taskmaster.core import clock, outages
from taskmaster.core.outages import MAX_CAUSES, MAX_PAUSE, PAUSE, Outage

Lines = list[EventDict]


@pytest.fixture
def pass_time(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Move the clock, which stands still."""
    now = [1000.0]
    monkeypatch.setattr(clock, "monotonic", lambda: now[0])

    def move(seconds: float) -> None:
        now[0] += seconds

    return move


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lines]:
    monkeypatch.setattr(outages, "log", structlog.get_logger())  # others have bound the first one
    with capture_logs() as captured:
        yield captured


def told(lines: Lines) -> list[tuple[Any, Any]]:
    return [(line["event"], line["times"]) for line in lines]


def test_repetitions_are_told_ever_less_often(
    pass_time: Callable[[float], None], lines: Lines
) -> None:
    before = REGISTRY.get_sample_value("failures_total", {"event": "away"}) or 0
    outage = Outage("away")
    for _ in range(3600):
        outage.failed(TimeoutError("too late"))
        pass_time(1)
    assert [line["times"] for line in lines] == [
        1,
        11,
        31,
        71,
        151,
        311,
        631,
        1231,
        1831,
        2431,
        3031,
    ]
    told = {"times": 1, "pid": os.getpid(), "error": "TimeoutError", "cause": "too late"}
    assert lines[0] == {"event": "away", "log_level": "error"} | told
    assert REGISTRY.get_sample_value("failures_total", {"event": "away"}) == before + 3600


def test_end_is_told_once(pass_time: Callable[[float], None], lines: Lines) -> None:
    outage = Outage("away")
    outage.succeeded()
    for _ in range(3):
        outage.failed()
        pass_time(2)
    for _ in range(3):
        outage.succeeded()
        pass_time(PAUSE)
    assert told(lines) == [("away", 1), ("away_over", 3)]
    assert lines[1]["seconds"] == 6 + PAUSE  # until it is believed
    assert lines[1]["pid"] == os.getpid()


def test_another_cause_is_told_at_once_within_bounds(
    pass_time: Callable[[float], None], lines: Lines
) -> None:
    outage = Outage("away")
    for error in (
        OSError("stopped"),
        OSError("refused"),
        ValueError("refused"),
        OSError("stopped"),
    ):
        pass_time(1)
        outage.failed(error)
    assert [(line["times"], line["error"], line["cause"]) for line in lines] == [
        (1, "OSError", "stopped"),
        (2, "OSError", "refused"),
        (3, "ValueError", "refused"),
    ]
    for number in range(100):
        outage.failed(OSError(f"port {number}"))
    assert len(lines) == MAX_CAUSES
    pass_time(PAUSE + 1)
    outage.succeeded()
    outage.failed(OSError("stopped"))
    outage.failed(OSError("refused"))
    assert [line["cause"] for line in lines[-2:]] == ["stopped", "refused"]


def test_what_comes_and_goes_is_one_outage(
    pass_time: Callable[[float], None], lines: Lines
) -> None:
    outage = Outage("away")
    for _ in range(100):
        outage.failed()
        outage.succeeded()
        pass_time(0.1)
    assert told(lines) == [("away", 1)]


def test_what_failed_long_ago_is_another_outage(
    pass_time: Callable[[float], None], lines: Lines
) -> None:
    """Not everything that fails can tell when it works."""
    outage = Outage("away")
    outage.failed()
    outage.failed()
    pass_time(MAX_PAUSE + 1)
    outage.failed()
    assert told(lines) == [("away", 1), ("away", 1)]
