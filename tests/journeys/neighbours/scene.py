"""What a misdeed has to hand: people to act as, and ways to act at once or again and again."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, nullcontext, suppress
from dataclasses import dataclass, field
from timeit import default_timer
from types import ModuleType
from typing import Any, TypeVar

from tests.journeys.neighbours.caller import Caller
from tests.journeys.neighbours.stage import SETUPS, Setup, Stage
from tests.journeys.neighbours.verdict import BOUNDS, Bounds
from tests.support.api import Api, User
from tests.support.racing import twin
from tests.support.stream_journey import FAILURES

Who = TypeVar("Who")
SECONDS = 3.0  # that a misdeed goes on, if it is one of many requests


class Scene:
    """One misdeed on a stage."""

    def __init__(
        self, stage: Stage, watch: Callable[[], AbstractContextManager[None]] = nullcontext
    ) -> None:
        """`watch` is the context in which others are watched; by default nobody is."""
        self.stage, self.watched = stage, watch
        self.answers = Counter[int]()
        self.figures: dict[str, float] = {}
        self.bounds: dict[str, float | None] = {}
        self._callers = ExitStack()

    def close(self) -> None:
        """Let everybody hang up."""
        self._callers.close()

    def anybody(self, many_addresses: bool = False) -> Api:
        """Return somebody without a token, from one address or from many."""
        caller = Caller(self.stage.server.url, self.answers, many_addresses)
        self._callers.callback(caller.close)
        return Api(caller.carry)

    def somebody(self) -> User:
        """Register somebody."""
        return self.anybody(many_addresses=True).register()

    def times(self, user: User, count: int) -> list[User]:
        """Return the same user on so many connections."""
        return [twin(user, self.anybody(many_addresses=True)) for _ in range(count)]

    def also(self, name: str, figure: float, bound: float) -> None:
        """Judge one more figure."""
        self.figures[name], self.bounds[name] = figure, bound

    def expect(self, count: float, least: float) -> None:
        """Judge whether it happened at all: so much of it was done, or was answered."""
        missing = self.figures.get("not committed", 0) + max(0, least - count)
        self.also("not committed", missing, 0)


def at_once(act: Callable[[Who], Any], callers: Sequence[Who]) -> int:
    """Let all act at the same time, each once; no answer is no reason to stop.

    Return how many were able to.
    """
    with ThreadPoolExecutor(len(callers)) as pool:
        return sum(pool.map(lambda caller: attempt(act, caller), callers))


def again_and_again(
    act: Callable[[Who], Any], callers: Sequence[Who], seconds: float = SECONDS
) -> int:
    """Let all act at the same time, without a pause, for so long; return how often it was done."""
    end, done = default_timer() + seconds, list[int]()

    def go_on(caller: Who) -> None:
        while default_timer() < end:
            done.append(attempt(act, caller))

    at_once(go_on, callers)
    return sum(done)


def attempt(act: Callable[[Who], Any], caller: Who) -> bool:
    """Act, and tell whether it could be done."""
    with suppress(*FAILURES):
        act(caller)
        return True
    return False


@dataclass(frozen=True)
class Misdeed:
    """A row of the table: what is done, in which setups, and what others may notice of it.

    One that is done `alone` takes away what all need, as a database: beside it, nobody can be well.
    """

    name: str
    commit: Callable[[Scene], None]
    bounds: Bounds
    setups: Sequence[Setup] = SETUPS
    alone: bool = False
    seconds: float = SECONDS  # that it takes, at least
    bystanders: int = 2
    pause: float = 0.15  # seconds between the turns of a bystander
    quiet: float = 1.0  # seconds to measure them before
    # Of which answers there must be how many, for it to have happened at all.
    expects: Mapping[int, int] = field(default_factory=dict)


def misdeed(
    name: str, setups: Sequence[Setup] = SETUPS, bounds: Bounds | None = None, **options: Any
) -> Callable[[Callable[[Scene], None]], Misdeed]:
    """Make a row of a function. `bounds` are those that differ from verdict.BOUNDS."""
    return lambda commit: Misdeed(name, commit, BOUNDS | (bounds or {}), setups, **options)


def misdeeds_in(*modules: ModuleType) -> list[Misdeed]:
    """Return all rows that are defined in modules, in order."""
    named = [value for module in modules for value in vars(module).values()]
    return [value for value in named if isinstance(value, Misdeed)]
