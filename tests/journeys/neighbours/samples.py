"""What is measured, and how one process hands it to another: a JSON line a sample."""

import json
import os
from collections.abc import Callable
from contextlib import suppress
from timeit import default_timer
from typing import NamedTuple

from tests.support.api import Reply
from tests.support.stream_journey import FAILURES

NO_ANSWER, WRONG_EVENT = 598, 599  # beside the statuses of HTTP


class Sample(NamedTuple):
    """One thing that was done, or weighed.

    `at` is when it began, by the clock that all processes of the machine share. `value` is how
    many seconds it took, or how much it was.
    """

    kind: str
    at: float
    value: float
    status: int = 0


class Recorder:
    """Writes samples to standard output, and knows what is under way."""

    def __init__(self) -> None:
        self._under_way: dict[object, tuple[str, float]] = {}

    def write(self, sample: Sample) -> None:
        """Write one sample, in one piece."""
        os.write(1, json.dumps(sample).encode() + b"\n")

    def begin(self, key: object, kind: str) -> None:
        """Note that something begins."""
        self._under_way[key] = kind, default_timer()

    def end(self, key: object, status: int) -> None:
        """Write how long something took; nothing if it never began."""
        if begun := self._under_way.get(key):
            self.write(Sample(*begun, default_timer() - begun[1], status))
            self.forget(key)

    def forget(self, key: object) -> None:
        """Wait no longer for something."""
        self._under_way.pop(key, None)

    def settled(self) -> Sample:
        """Return up to when everything that was begun is over."""
        now = default_timer()
        begun = [at for _, at in list(self._under_way.values())]
        return Sample("settled", min([now, *begun]), 0)

    def ask(self, kind: str, request: Callable[[], Reply]) -> Reply | None:
        """Make a request and write how long it took; return None where nothing came back."""
        key, reply = object(), None
        self.begin(key, kind)
        with suppress(*FAILURES):
            reply = request()
        self.end(key, reply.status if reply else NO_ANSWER)
        return reply
