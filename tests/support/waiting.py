"""Wait for a condition with a bound; the only place where tests sleep."""

import time
from collections.abc import Callable
from typing import TypeVar

Value = TypeVar("Value")


def wait_until(
    condition: Callable[[], Value], seconds: float = 30, every: float = 0.02, what: str = ""
) -> Value:
    """Return the first true value of `condition`. Raise AssertionError after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        if value := condition():
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"after {seconds} s still not: {what or condition}")
        time.sleep(every)
