"""Measures what others notice of a misdeed, and whether all is as before when it is over."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import pairwise
from math import inf
from threading import Event
from timeit import default_timer

from tests.journeys.neighbours.bystanders import Bystanders
from tests.journeys.neighbours.samples import WRONG_EVENT, Sample
from tests.support.waiting import wait_until

OVER = 20.0  # seconds after it until others are served again, and nothing of theirs hangs
GIVEN_BACK = 10.0  # seconds after it until memory is given back
LAST = 3.0  # seconds of a misdeed in which the CPU's time is measured
READY = 5.0  # seconds for an answer of /readyz
REQUESTS = ("list", "create", "update", "delete")
never = Event()


class Watch:
    """A context around a misdeed, and the figures that the bystanders have for it."""

    def __init__(self, bystanders: Bystanders, quiet: float, kept: float = 50) -> None:
        self.of, self.quiet, self.most_kept = bystanders.of, quiet, kept
        self.begin = self.end = 0.0
        self.figures: dict[str, float] = {}

    @contextmanager
    def __call__(self) -> Iterator[None]:
        """Measure some quiet seconds, let the misdeed happen, and wait until all is as before."""
        never.wait(self.quiet)
        self.begin = default_timer()
        yield
        self.end = default_timer()
        wait_for(lambda: self.recovery < OVER, OVER)
        wait_for(lambda: not self.hanging, OVER)
        wait_for(lambda: self.kept <= self.most_kept, GIVEN_BACK)
        self.figures = self.take_figures()

    def take_figures(self) -> dict[str, float]:
        """Return all figures by name; verdict.py says which must keep to what."""
        quiet, busy = (self.begin - self.quiet, self.begin), (self.begin, self.end)
        during = {kind: self.longest(kind) for kind in ("list", "create", "event", "machine")}
        return during | {
            "quiet": self.longest("/livez", *quiet),
            "freeze": self.longest("/livez"),
            "growth": max(one.value for one in self.of("memory", self.begin)) - self.before,
            "kept": self.kept,
            "5xx": self.count(lambda one: one.status >= 500, "/livez", *REQUESTS),
            "refused": self.count(lambda one: one.status >= 400, "/livez", *REQUESTS),
            "readyz": self.count(lambda one: one.status != 200, "/readyz"),
            "unready": sum(map(self.looks_ready, self.of("/readyz"))),
            "events": self.count(lambda one: one.status == WRONG_EVENT, "event"),
            "hanging": self.hanging,
            "recovery": self.recovery * 1000,
            "cpu": self.cpu(self.end - LAST, self.end) - self.cpu(*quiet),
            "slower": self.p99(*busy) / self.p99(*quiet),
        }

    def taken(self, kind: str, begin: float, end: float) -> list[float]:
        """Return the seconds that each took of what began, or still went on, within a time."""
        samples = [one for one in self.of(kind, 0, end) if one.at + one.value >= begin]
        return [one.at + one.value - max(one.at, begin) for one in samples]

    def longest(self, kind: str, begin: float | None = None, end: float = inf) -> float:
        """Return how long the longest took, by default since the beginning, in milliseconds."""
        return 1000 * max(self.taken(kind, begin or self.begin, end), default=inf)

    def count(self, wrong: Callable[[Sample], bool], *kinds: str) -> int:
        """Return how many samples since the beginning are wrong."""
        return sum(wrong(one) for kind in kinds for one in self.of(kind, self.begin))

    def looks_ready(self, answer: Sample) -> bool:
        """Tell whether an answer of /readyz, awaited within the misdeed, is not 503, or late.

        One that hangs may have been asked for just before, and there is no other meanwhile.
        """
        amid = answer.at < self.end - READY and answer.at + answer.value > self.begin + 0.5
        return amid and (answer.status != 503 or answer.value > READY)

    @property
    def before(self) -> float:
        """The memory that the server had in the quiet moment, in MiB."""
        return max(one.value for one in self.of("memory", self.begin - self.quiet, self.begin))

    @property
    def kept(self) -> float:
        """How much more memory than before it has now."""
        return self.of("memory")[-1].value - self.before

    @property
    def hanging(self) -> bool:
        """Whether something that others began before the end still goes on."""
        return self.of("settled")[-1].at < self.end

    @property
    def recovery(self) -> float:
        """After how many seconds a list, a creation and a look at /readyz went well again."""
        return max(map(self._first_success, ("list", "create", "/readyz")))

    def _first_success(self, kind: str) -> float:
        well = [one.at + one.value for one in self.of(kind, self.end) if one.status < 300]
        return min(well, default=inf) - self.end

    def cpu(self, begin: float, end: float) -> float:
        """Return the share of one core that the server used."""
        samples = self.of("cpu", begin, end)
        seconds = sum(max(0, after.value - now.value) for now, after in pairwise(samples))
        return seconds / (samples[-1].at - samples[0].at)

    def p99(self, begin: float, end: float) -> float:
        """Return what 99 of 100 requests of others took at most, in seconds."""
        taken = sorted(one for kind in REQUESTS for one in self.taken(kind, begin, end))
        return taken[int(len(taken) * 0.99)]


def wait_for(condition: Callable[[], bool], seconds: float) -> None:
    """Wait for a condition. If it does not come true, the figures will say so."""
    with suppress(AssertionError):
        wait_until(condition, seconds, every=0.1)
