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


class Sample(NamedTuple):
    """The counters at one moment."""

    at: float
    requests: float = 0
    seconds: float = 0
    faults: float = 0
    streams: float = 0


class Chart:
    """A line of values, 360 wide and 80 high."""

    def __init__(self, name: str, values: list[float]) -> None:
        self.name = name
        self.last, self.most = (values[-1], max(values)) if values else (0.0, 0.0)
        step, height = 360 / max(len(values) - 1, 1), 76 / (self.most or 1)
        self.points = " ".join(
            f"{number * step:.1f},{78 - value * height:.1f}" for number, value in enumerate(values)
        )


class Recorder:
    """The samples of the last hour."""

    def __init__(self) -> None:
        self._samples = deque[Sample](maxlen=KEPT + 1)

    def note(self) -> None:
        """Note the present figures."""
        self._samples.append(_sample())

    def series(self) -> dict[str, list[float]]:
        """Return what the charts show, oldest first."""
        found: dict[str, list[float]] = {
            "Requests per second": [],
            "Milliseconds per request": [],
            "Server errors per minute": [],
            "Open streams": [],
        }
        for before, after in pairwise(list(self._samples)):
            passed = max(after.at - before.at, 0.001)
            asked = max(after.requests - before.requests, 0)
            spent = max(after.seconds - before.seconds, 0)
            values = (
                asked / passed,
                spent / asked * 1000 if asked else 0,
                max(after.faults - before.faults, 0) / passed * 60,
                after.streams,
            )
            for line, value in zip(found.values(), values, strict=True):
                line.append(value)
        return found


RECORDER = Slot[Recorder]("figures")


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
