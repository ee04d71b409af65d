"""The gate before SQLite's one connection that writes: one at a time, and nobody is forgotten.

Who has had it for long rests before the next change.
"""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy.exc import TimeoutError as PoolTimeout

from taskmaster.core import clock, sqlite
from taskmaster.core.concurrency import TURN, pause
from taskmaster.core.sqlite import Gate


def test_who_waits_for_the_connection_that_writes_has_it_alone() -> None:
    gate, had, at_once = Gate(seconds=10), list[int](), list[int]()

    def write(number: int) -> None:
        with gate.turn():
            at_once.append(number)
            assert at_once == [number]
            pause()
            at_once.clear()
            had.append(number)

    with ThreadPoolExecutor(20) as pool:
        with gate.turn():
            waiting = [pool.submit(write, number) for number in range(200)]
            assert had == []
        for one in waiting:
            one.result()
    assert sorted(had) == list(range(200))


def test_who_waits_too_long_for_it_is_told_so_and_holds_up_nobody() -> None:
    gate = Gate(seconds=0.05)
    with gate.turn(), pytest.raises(PoolTimeout, match="not free in time"), gate.turn():
        pass
    with gate.turn():
        pass


def test_who_writes_for_long_rests_twice_as_long_before_the_next_change(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gate, now, rests = Gate(seconds=1), 1000.0, list[float]()
    monkeypatch.setattr(clock, "monotonic", lambda: now)
    monkeypatch.setattr(sqlite, "pause", rests.append)

    def write(user_id: str, took: float) -> list[float]:
        """Return for how long the user rests before."""
        nonlocal now
        rests.clear()
        with gate.turn(user_id):
            now += took
        return [*rests]

    assert write("ann", TURN) == []
    assert write("ann", 0.25) == []  # the change before was a short one
    assert write("bob", 0.125) == []
    assert write("ann", 0) == [0.375]  # of 0.5, while bob wrote
    assert write("bob", 60) == [0.25]
    assert write("bob", 0) == [Gate.LONGEST_REST]
    assert write("", 60) == []  # nobody's
    assert write("", 0) == []
