"""What one client may hold up or fill up, in the hub by itself."""

import json
import tracemalloc

import pytest
from sqlalchemy.exc import OperationalError

from taskmaster.core import clock
from taskmaster.events import log as event_log
from taskmaster.events import user_log
from taskmaster.events.log import MAX_PAGE_SIZE, Entry
from taskmaster.streams.notifier import MAX_SIZE, RedisNotifier
from taskmaster.streams.protocol import CloseReason
from taskmaster.streams.subscription import (
    MAX_BLOCKED,
    MAX_CLOSING,
    MAX_DUE,
    MAX_DUE_SIZE,
    MAX_QUEUED,
)
from taskmaster.streams.takeover import Connection
from tests.support.hub_log import PRINCIPAL, USER, Log


class Blocked(Connection):
    """A connection whose client does not read."""

    def __init__(self) -> None:
        super().__init__()
        self.aborted = False

    def abort(self) -> None:
        self.aborted = True


def test_a_blocked_write_is_cut_when_too_much_is_due(log: Log) -> None:
    connection = Blocked()
    stream = log.subscribe(connection=connection)
    messages = stream.messages()
    next(messages)  # ready: and this write never comes back
    log.hub.publish(USER, log.commit(MAX_DUE))
    assert not connection.aborted
    log.hub.publish(USER, log.commit())
    assert connection.aborted
    assert list(messages) == []  # not even why


def test_a_blocked_write_is_cut_after_a_while(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    connection, now = Blocked(), clock.monotonic()
    messages = log.subscribe(connection=connection).messages()
    monkeypatch.setattr(clock, "monotonic", lambda: now)
    next(messages)
    for passed, aborted in ((MAX_BLOCKED, False), (MAX_BLOCKED + 0.1, True)):
        monkeypatch.setattr(clock, "monotonic", lambda passed=passed: now + passed)
        log.hub.sweep()
        assert connection.aborted == aborted


def test_who_reads_now_and_then_is_not_cut(log: Log) -> None:
    connection = Blocked()
    connection.has_backlog = True
    stream = log.subscribe(connection=connection)
    for _ in range(MAX_DUE // 100 + 1):
        log.hub.publish(USER, log.commit(100))
        stream.progress()
    assert not connection.aborted
    for _ in range(MAX_DUE // 100 + 2):
        log.hub.publish(USER, log.commit(100))
    assert connection.aborted


@pytest.mark.parametrize("blocked", [False, True])
def test_a_closed_stream_is_cut_sooner(
    log: Log, monkeypatch: pytest.MonkeyPatch, blocked: bool
) -> None:
    connection, begun = Blocked(), clock.monotonic()
    monkeypatch.setattr(clock, "monotonic", lambda: begun)
    stream = log.subscribe(connection=connection)
    messages = stream.messages()
    next(messages)
    now = begun + MAX_BLOCKED / 2  # it counts from the close on, however slow the client was
    monkeypatch.setattr(clock, "monotonic", lambda: now)
    stream.close(CloseReason.SESSION_ENDED)
    if not blocked:  # the last message is the one that is not read
        assert [message.name for message in next(messages)] == ["stream_closed"]
    for passed, aborted in ((MAX_CLOSING, False), (MAX_CLOSING + 0.1, True)):
        monkeypatch.setattr(clock, "monotonic", lambda passed=passed: now + passed)
        log.hub.sweep()
        assert connection.aborted == aborted


def test_a_blocked_write_is_cut_while_the_database_is_away(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise OperationalError("", {}, Exception())

    connection, now = Blocked(), clock.monotonic()
    messages = log.subscribe(connection=connection).messages()
    next(messages)
    monkeypatch.setattr(clock, "monotonic", lambda: now + MAX_BLOCKED + 1)
    monkeypatch.setattr(event_log, "heads_of", away)
    with pytest.raises(OperationalError):
        log.hub.sweep()
    assert connection.aborted


def test_a_blocked_write_is_cut_when_too_many_bytes_are_due(log: Log) -> None:
    connection = Blocked()
    messages = log.subscribe(connection=connection).messages()
    next(messages)
    log.hub.publish(USER, log.commit(2, MAX_DUE_SIZE // 2))
    assert not connection.aborted
    log.hub.publish(USER, log.commit())
    assert connection.aborted


def test_who_lets_too_much_wait_is_cut(log: Log) -> None:
    connection = Blocked()
    messages = log.subscribe(connection=connection).messages()
    next(messages)
    for connection.queued, aborted in ((MAX_QUEUED, False), (MAX_QUEUED + 1, True)):
        log.hub.sweep()
        assert connection.aborted == aborted


def test_a_token_runs_out_while_a_write_is_blocked(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = Blocked()
    stream = log.subscribe(connection=connection)
    next(stream.messages())
    now = clock.monotonic()
    stream.principal = PRINCIPAL._replace(expires_at=int(clock.now().timestamp()))
    log.hub.sweep()
    assert stream.close_reason is CloseReason.TOKEN_EXPIRED
    monkeypatch.setattr(clock, "monotonic", lambda: now + MAX_CLOSING + 1)
    log.hub.sweep()
    assert connection.aborted


def test_what_was_sent_is_read_before_more_is_sent(log: Log) -> None:
    connection = Connection()
    log.commit(150)
    stream = log.subscribe(0, connection)
    assert len(stream._next_batch()) == 100
    connection.has_backlog = True
    assert stream._next_batch() == []
    connection.has_backlog = False
    stream._wake.clear()
    stream.progress()
    assert stream._wake.is_set()
    assert len(stream._next_batch()) == 50


@pytest.mark.parametrize("told", [False, True], ids=["database", "memory"])
def test_a_page_is_bounded_in_bytes(log: Log, told: bool) -> None:
    stream = log.subscribe()
    stream._next_batch()
    for entries in (log.commit(100, 10_000), log.commit(2, 2 * MAX_PAGE_SIZE)):
        if told:
            log.hub.publish(USER, entries)
    log.hub.sweep()
    sizes: list[int] = []
    while batch := stream._next_batch():
        sizes.append(len(batch))
    assert sizes == [26, 26, 26, 22, 1, 1]


def test_a_page_by_number_may_take_several_reads(log: Log) -> None:
    log.commit(250)
    with log.engine.connect() as connection:
        for limit, expected in ((1, 1), (99, 99), (100, 100), (249, 249), (1000, 250)):
            found = event_log.read(connection, USER, 0, limit)
            assert [entry.seq for entry in found] == list(range(1, expected + 1))


@pytest.mark.parametrize(("letters", "size"), [("x", 10), ("é", 40)])
def test_recent_events_of_all_users_are_bounded(
    monkeypatch: pytest.MonkeyPatch, letters: str, size: int
) -> None:
    monkeypatch.setattr(user_log, "MAX_RECENT", 10 * (size + user_log.OVERHEAD))
    recent = user_log.RecentEvents()
    for user_id in ("one", "other"):
        for seq in range(1, 10):
            recent.add(user_id, Entry(seq, "task_create", letters * 10))
    assert recent.after("one", 0) == []
    assert [entry.seq for entry in recent.after("one", 8)] == [9]
    assert [entry.seq for entry in recent.after("other", 0)] == list(range(1, 10))


@pytest.mark.parametrize("length", [20, 130, 400])
def test_recent_events_take_the_memory_that_they_may(
    monkeypatch: pytest.MonkeyPatch, length: int
) -> None:
    monkeypatch.setattr(user_log, "MAX_RECENT", 1024 * 1024)

    def fill() -> user_log.RecentEvents:
        recent = user_log.RecentEvents()
        for seq in range(1, 10_000):
            told = json.dumps([seq, "task_create", "x" * length])  # by Redis: nothing is shared
            recent.add(USER, Entry(*json.loads(told)))
        return recent

    fill()  # what Python keeps of a first time is not what it weighs
    tracemalloc.start()
    try:
        recent = fill()
        assert recent.after(USER, 9_998)
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert user_log.MAX_RECENT / 2 < taken <= user_log.MAX_RECENT


@pytest.mark.parametrize(("size", "kept"), [(MAX_SIZE, True), (MAX_SIZE + 1, False)])
def test_a_large_notification_goes_without_its_events(size: int, kept: bool) -> None:
    notifier = RedisNotifier("redis://127.0.0.1:1")
    notifier.publish(USER, [Entry(1, "task_create", "x" * size)], [])
    _, message = notifier._outbox.get_nowait()
    assert message.startswith(b'[[[1,"task_create","')
    assert (len(message) > size) is kept
