"""What a call costs with few rows and with many: one server for each size, in turns."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack

from .rows import Rounds, take_turns
from .servers.base import Place, Server
from .stage import Setting, Stage

Sizes = Mapping[str, tuple[int, int]]  # users, and tasks of each, by name
TASKS: Sizes = {"100 tasks": (1, 100), "1,000,000 tasks": (1, 1_000_000)}
USERS: Sizes = {"10 users": (10, 10), "100,000 users": (100_000, 10)}
ROWS = ("list of 10", "one task", "create")
SETTING = Setting("sqlite", 1)


def measure_growth(
    stage: Stage,
    kinds: Iterable[Callable[[Place], Server]],
    sizes: Sizes,
    seconds: float,
    rounds: int,
) -> dict[str, Rounds]:
    """Return the rounds of each row, of each server and size."""
    with ExitStack() as stack:
        servers = []
        for kind in kinds:
            for name, (users, tasks) in sizes.items():
                (server,) = stack.enter_context(stage.serving([kind], SETTING, users, tasks))
                server.label = f"{server.name}, {name}"
                servers.append(server)
        return {row: take_turns(servers, row, seconds, rounds) for row in ROWS}
