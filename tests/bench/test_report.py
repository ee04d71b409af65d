"""What the bench makes of figures that it has found."""

from bench.load import Result
from bench.report import Report
from bench.rows import Rounds
from bench.targets import targets


def costing(**cpu: float) -> Rounds:
    """Return one round of each server, by name: the CPU of a request."""
    return {server: [Result(100, 1, 2, found)] for server, found in cpu.items()}


def test_growth_is_what_many_rows_cost_us() -> None:
    rounds = costing(taskmaster_few=10, taskmaster_many=15, pocketbase_few=1, pocketbase_many=9)
    report = Report("", growth={"growth of tasks": {"one task": rounds}})
    (found,) = targets(report)
    assert (found.measured, found.reached) == (1.5, False)


def test_growth_of_peers_alone_has_no_target() -> None:
    rounds = costing(pocketbase_few=1, pocketbase_many=9)
    report = Report("", growth={"growth of tasks": {"one task": rounds}})
    assert list(targets(report)) == []
