"""A row of the table can fail, by each of its bounds."""

from pathlib import Path

import pytest

from tests.journeys.neighbours.bystanders import Bystanders
from tests.journeys.neighbours.samples import Sample
from tests.journeys.neighbours.verdict import BOUNDS, REFUSED, SHOWN, Row
from tests.journeys.neighbours.watch import Watch

GOOD = dict.fromkeys((*BOUNDS, *SHOWN), 0.0)


@pytest.mark.parametrize("name", BOUNDS)
def test_a_bound_is_a_bound(name: str) -> None:
    assert Row("", "", GOOD, BOUNDS).exceeded() == []
    assert len(Row("", "", GOOD | {name: float("inf")}, BOUNDS).exceeded()) == 1
    assert Row("", "", GOOD | {name: float("inf")}, BOUNDS | {name: None}).exceeded() == []


def test_what_the_machine_takes_is_allowed_for() -> None:
    figures = GOOD | {"freeze": 350.0, "kept": 51.0}
    busy = figures | {"quiet": 20.0, "machine": 40.0}
    assert Row("", "", figures, BOUNDS).exceeded() == ["freeze 350 > 300", "kept 51 > 50"]
    assert Row("", "", busy, BOUNDS).exceeded() == ["kept 51 > 50"]


@pytest.mark.parametrize(
    ("at", "value", "status", "wrong"),
    [(99, 0.1, 200, False), (102, 0.1, 503, False), (102, 4.9, 503, False), (121, 0.1, 200, False),
     (102, 0.1, 200, True), (102, 5.1, 503, True), (100.2, 19, 503, True), (99.8, 25, 200, True)],
)  # fmt: skip
def test_an_answer_of_readyz_must_be_true_and_in_time(
    tmp_path: Path, at: float, value: float, status: int, wrong: bool
) -> None:
    watch = Watch(Bystanders("", 0, 0, 0, tmp_path / "samples"), quiet=1)
    watch.begin, watch.end = 100, 120
    assert watch.looks_ready(Sample("/readyz", at, value, status)) == wrong


@pytest.mark.parametrize("name", sorted(BOUNDS.keys() - REFUSED))
def test_only_times_and_memory_may_be_some_times_their_bound(name: str) -> None:
    row = Row("", "", GOOD | {name: 2.0}, BOUNDS | {name: 1})
    assert bool(row.exceeded(4)) == (name in ("readyz", "events", "hanging", "faults"))


def test_many_that_were_given_up_are_too_many() -> None:
    name = "given up in 100"
    assert Row("", "", GOOD | {name: 51.0}, BOUNDS | {name: 50}).exceeded(4)


def test_what_did_not_happen_harms_nobody_and_is_no_success() -> None:
    figures = GOOD | {"not committed": 1.0}
    assert Row("", "", figures, BOUNDS | {"not committed": 0}).exceeded(4) == [
        "not committed 1 > 0"
    ]
