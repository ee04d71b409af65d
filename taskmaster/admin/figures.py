"""Figures over time: what `/metrics` says, noted every ten seconds for an hour.

Each process notes by itself; with several processes the figures are those of all together.
"""

from collections import deque
from itertools import pairwise
from typing import NamedTuple

from ..core import clock
from ..core.slots import Slot
from ..ops.metrics import registry

EVERY = 10  # seconds
KEPT = 360  # samples
NAMES = (
    "Requests per second", "Milliseconds per request", "Server errors per minute", "Open streams",
)  # fmt: skip


class Sample(NamedTuple):
    """The counters at one moment."""

    at: float
    requests: float
    seconds: float
    faults: float
    streams: float


class Chart:
    """A line of values, 360 wide and 80 high."""

    def __init__(self, name: str, values: list[float]) -> None:
        self.name = name
        self.last, self.most = (values[-1], max(values)) if values else (0.0, 0.0)
        step, height = 360 / max(len(values) - 1, 1), 76 / (self.most or 1)
        self.points = " ".join(
            f"{number * step:.1f},{78 - value * height:.1f}" for number, value in enumerate(values)
        )


SAMPLES = Slot[deque[Sample]]("figures", lambda: deque(maxlen=KEPT + 1))


def note() -> None:
    """Note the present figures."""
    SAMPLES.get().append(_sample())


def series() -> dict[str, list[float]]:
    """Return what the charts show, oldest first."""
    rates = [_rates(*pair) for pair in pairwise(list(SAMPLES.get()))]
    return {name: [rate[place] for rate in rates] for place, name in enumerate(NAMES)}


def _rates(before: Sample, after: Sample) -> tuple[float, ...]:
    """Return the values of NAMES between two samples."""
    passed = max(after.at - before.at, 0.001)
    asked = max(after.requests - before.requests, 0)
    spent = max(after.seconds - before.seconds, 0)
    faults = max(after.faults - before.faults, 0)
    milliseconds = spent / asked * 1000 if asked else 0
    return asked / passed, milliseconds, faults / passed * 60, after.streams


def _sample() -> Sample:
    sums = dict.fromkeys(Sample._fields[1:], 0.0)
    for metric in registry().collect():
        for found in metric.samples:
            if found.name == "http_request_seconds_count":
                sums["requests"] += found.value
                sums["faults"] += found.value * found.labels["status"].startswith("5")
            elif found.name == "http_request_seconds_sum":
                sums["seconds"] += found.value
            elif found.name == "stream_connections":
                sums["streams"] += found.value
    return Sample(clock.monotonic(), **sums)
