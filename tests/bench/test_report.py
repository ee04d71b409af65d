"""What the bench makes of figures that it has found."""

from pathlib import Path

from bench.load import Result
from bench.report import Report
from bench.rows import Rounds
from bench.servers.base import Place
from bench.servers.taskmaster import Taskmaster
from bench.targets import TWO, targets
from bench.written import NOTES
from tests.support.settings import setting_names

PLACE = {"DATABASE_URL", "HOST", "PORT", "SECRET_KEY", "WEB_CONCURRENCY"}


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


def test_every_row_means_every_row() -> None:
    report = Report("", calls={TWO: {"list of 100": costing(taskmaster=1, django=9)}})
    assert list(targets(report)) == []


def test_the_notes_name_what_differs_from_how_it_is_delivered(tmp_path: Path) -> None:
    environ = Taskmaster(Place(tmp_path, "sqlite:///a.sqlite3")).environ()
    changed = {name for name in setting_names() if environ[name]} - PLACE
    assert {name for name in changed if name not in NOTES} == set()
    assert {"ENVIRONMENT", "RATELIMIT_ENABLED"} <= changed
