"""Waiting for what has no event to wait for: engine.io's queues."""

from collections.abc import Callable

from ..core import clock
from ..core.concurrency import pause

POLL = 0.005  # seconds between two looks


def wait_for(condition: Callable[[], bool], seconds: float = float("inf")) -> None:
    """Return once the condition holds, or after so many seconds."""
    deadline = clock.monotonic() + seconds
    while not condition() and clock.monotonic() < deadline:
        pause(POLL)
