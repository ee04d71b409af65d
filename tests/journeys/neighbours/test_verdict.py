"""A row of the table can fail, by each of its bounds."""

import pytest

from tests.journeys.neighbours.verdict import BOUNDS, SHOWN, Row

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
