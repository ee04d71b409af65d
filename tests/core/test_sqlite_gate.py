"""The gate before SQLite's one connection that writes: one at a time, and nobody is forgotten."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy.exc import TimeoutError as PoolTimeout

from taskmaster.core.concurrency import pause
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
