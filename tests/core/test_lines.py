"""Lines: one at a time for each key, in order, bounded, and nothing left behind."""

import threading
from collections.abc import Callable

import pytest

from taskmaster.core.errors import ApiError, ErrorCode
from taskmaster.core.lines import Lines
from tests.support.waiting import wait_until


class Waiter(threading.Thread):
    """Takes a turn in a thread, notes that it had it, and keeps it until it is told."""

    def __init__(self, lines: Lines, name: str, had: list[str]) -> None:
        super().__init__(name=name, daemon=True)
        self.lines, self.had = lines, had
        self.done = threading.Event()
        self.refused: ApiError | None = None

    def run(self) -> None:
        try:
            with self.lines.turn("ada"):
                self.had.append(self.name)
                self.done.wait(10)
        except ApiError as error:
            self.refused = error


@pytest.fixture
def had() -> list[str]:
    return []


@pytest.fixture
def wait_in(had: list[str]) -> Callable[..., Waiter]:
    """Let somebody join a line, and be in it before the next one comes."""

    def join(lines: Lines, name: str) -> Waiter:
        waiter = Waiter(lines, name, had)
        before = len(lines._lines.get("ada", ()))
        waiter.start()
        wait_until(lambda: waiter.refused or len(lines._lines.get("ada", ())) > before)
        return waiter

    return join


def test_who_has_a_turn_is_told_how_many_have_theirs() -> None:
    lines = Lines(length=1, seconds=10, width=2)
    with lines.turn("ada") as first, lines.turn("ada") as second:
        assert (first, second) == (1, 2)
    with lines.turn("ada") as alone:
        assert alone == 1


def test_each_has_its_turn_in_order(wait_in: Callable[..., Waiter], had: list[str]) -> None:
    lines = Lines(length=5, seconds=10)
    waiters = [wait_in(lines, name) for name in "abcd"]
    with lines.turn("grace"):  # a line of her own
        for number, waiter in enumerate(waiters, 1):
            wait_until(lambda number=number: len(had) == number)
            waiter.done.set()
            waiter.join(5)
    assert had == ["a", "b", "c", "d"]
    assert not lines._lines


def test_a_full_line_refuses(wait_in: Callable[..., Waiter], had: list[str]) -> None:
    lines = Lines(length=1, seconds=10)
    first, second, third = (wait_in(lines, name) for name in "abc")
    assert third.refused
    assert (third.refused.code, third.refused.problem["code"]) == (429, "rate_limited")
    assert int(third.refused.headers["Retry-After"]) > 0
    for waiter in first, second:
        waiter.done.set()
        waiter.join(5)
    assert had == ["a", "b"]
    assert not lines._lines


def test_who_waits_too_long_leaves_and_holds_up_nobody(
    wait_in: Callable[..., Waiter], had: list[str]
) -> None:
    lines = Lines(length=5, seconds=0.2)
    first, second = wait_in(lines, "a"), wait_in(lines, "b")
    wait_until(lambda: second.refused)
    assert second.refused
    assert (second.refused.code, second.refused.problem["code"]) == (503, "unavailable")
    lines.seconds = 10
    third = wait_in(lines, "c")
    first.done.set()
    third.done.set()
    for waiter in first, second, third:
        waiter.join(5)
    assert had == ["a", "c"]
    assert not lines._lines


def test_an_error_gives_the_turn_on() -> None:
    lines = Lines(length=0, seconds=1)
    with pytest.raises(ArithmeticError), lines.turn("ada"):
        raise ArithmeticError
    with lines.turn("ada"):
        assert len(lines._lines.get("ada", ())) == 1
    assert not lines._lines


def test_some_have_their_turn_at_once(wait_in: Callable[..., Waiter], had: list[str]) -> None:
    lines = Lines(length=1, seconds=10, width=2, full=ErrorCode.UNAVAILABLE)
    first, second, third, fourth = (wait_in(lines, name) for name in "abcd")
    wait_until(lambda: len(had) == 2)
    assert set(had) == {"a", "b"}
    assert fourth.refused
    assert (fourth.refused.code, fourth.refused.headers["Retry-After"]) == (503, "1")
    second.done.set()
    wait_until(lambda: had[2:] == ["c"])
    for waiter in first, third:
        waiter.done.set()
        waiter.join(5)
    wait_until(lambda: len(lines._lines) == 0)
