"""The rows of calls: every server in turn, round after round, so that a slow moment hits all."""

from collections.abc import Iterable, Sequence
from statistics import median

from .load import Result, measure, warm_up
from .servers.base import Server

CONSTANT = "constant"
ROWS = (CONSTANT, "list of 10", "list of 100", "one task", "create", "update", "bulk of 100")

Rounds = dict[str, list[Result]]  # of each server, by its label


def take_turns(servers: Iterable[Server], row: str, seconds: float, rounds: int) -> Rounds:
    """Return what each server that has the row did in each round."""
    asked = [(server, server.messages(row)) for server in servers]
    asked = [(server, messages) for server, messages in asked if messages]
    found: Rounds = {server.label: [] for server, _ in asked}
    slow = [warm_up(server.port, messages, seconds) for server, messages in asked]
    for _ in range(rounds):
        for (server, messages), is_slow in zip(asked, slow, strict=True):
            result = measure(server.port, server.process.pid, messages, seconds, is_slow)
            found[server.label].append(result)
    return found


def middle(results: Sequence[Result], field: str = "per_second") -> float:
    """Return the median of one figure over the rounds."""
    return float(median(getattr(result, field) for result in results))
