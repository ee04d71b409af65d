"""The hub by itself, without Flask: the races that a real client only meets by luck."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from taskmaster.core import clock
from taskmaster.core.auth import Principal
from taskmaster.core.errors import ApiError
from taskmaster.events import log as event_log
from taskmaster.events import user_log
from taskmaster.events.log import Entry
from taskmaster.events.user_log import UserLog
from taskmaster.streams import hub
from taskmaster.streams.hub import MAX_CONNECTIONS
from taskmaster.streams.subscription import Subscription
from taskmaster.streams.takeover import Connection
from tests.support.hub_log import PRINCIPAL, USER, Log


def take(subscription: Subscription) -> list[str]:
    """Return what a stream would send now, without waiting: numbers, and control messages."""
    taken: list[str] = []
    while batch := subscription._next_batch():
        taken += [str(message.seq) if message.is_event else message.name for message in batch]
    return taken


def numbers(first: int, last: int) -> list[str]:
    return [str(number) for number in range(first, last + 1)]


def test_an_event_between_registration_and_head_is_live(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    log.commit(3)
    read_head = UserLog.read_head

    def commit_first(source: UserLog) -> int:
        log.hub.publish(USER, log.commit())  # 4: committed and told before the head is read
        head = read_head(source)
        log.hub.publish(USER, log.commit())  # 5: after it was read, before the cursor is set
        return head

    monkeypatch.setattr(UserLog, "read_head", commit_first)
    fresh = log.subscribe()
    assert (fresh.reader.cursor, take(fresh)) == (5, ["stream_ready"])
    monkeypatch.undo()
    assert take(log.subscribe(since=2)) == [*numbers(3, 5), "stream_ready"]
    log.hub.publish(USER, log.commit())
    assert take(fresh) == ["6"]


def test_it_is_ready_although_the_log_grows_at_each_look(log: Log) -> None:
    log.commit(150)
    stream, taken = log.subscribe(0), []
    while "stream_ready" not in taken and log.seq < 200:
        log.hub.publish(USER, log.commit())
        taken += [message.name for message in stream._next_batch()]
    assert "stream_ready" in taken


def test_lost_doubled_and_reordered_notifications_do_not_matter(log: Log) -> None:
    stream = log.subscribe()
    assert take(stream) == ["stream_ready"]
    one, two, three, four, five = log.commit(5)
    log.hub.publish(USER, [three])  # 1 and 2 are lost
    assert take(stream) == numbers(1, 5)
    for entries in ([five], [five], [one], [four, two], []):
        log.hub.publish(USER, entries)
        assert take(stream) == []
    log.commit(2)  # nobody tells at all
    assert take(stream) == []
    log.hub.sweep()
    assert take(stream) == ["6", "7"]


def test_an_echo_wakes_nobody(log: Log) -> None:
    stream = log.subscribe()
    take(stream)
    entries = log.commit()
    log.hub.publish(USER, entries)
    assert stream._wake.is_set()
    stream._wake.clear()
    assert take(stream) == ["1"]
    log.hub.receive(USER, entries)  # what Redis brings back of the same
    assert not stream._wake.is_set()


def test_every_order_of_notifications_gives_one_order_of_events(log: Log) -> None:
    stream = log.subscribe()
    take(stream)
    received: list[str] = []
    for order in ((0, 1, 2), (2, 1, 0), (1, 2, 0), (2, 0, 1), (0, 2, 1), (1, 0, 2)):
        entries = log.commit(3)
        for number in order:
            log.hub.publish(USER, [entries[number]])
            received += take(stream)
    assert received == numbers(1, 18)


@pytest.mark.parametrize("kept", [0, 1, 500, 1_000_000])
def test_who_is_behind_what_is_kept_reads_the_log(
    log: Log, monkeypatch: pytest.MonkeyPatch, kept: int
) -> None:
    monkeypatch.setattr(user_log, "MAX_RECENT", kept)
    stream = log.subscribe()
    take(stream)
    for _ in range(150):
        log.hub.publish(USER, log.commit())
    assert take(stream) == numbers(1, 150)


def test_a_page_pruned_in_the_middle_of_a_replay_resets(log: Log) -> None:
    log.commit(250)
    stream = log.subscribe(since=0)
    assert [message.seq for message in stream._next_batch()] == list(range(1, 101))
    log.prune(180)
    assert take(stream) == ["stream_reset", "stream_ready"]
    assert stream.reader.cursor == 250
    log.hub.publish(USER, log.commit())
    assert take(stream) == ["251"]


def test_a_prune_between_two_parts_of_a_page_resets(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    log.commit(200)
    rows = event_log._rows

    def rows_and_prune(*args: Any) -> Iterator[Entry]:
        for entry in rows(*args):
            if entry.seq == 8:  # the last of the first part
                log.prune(100)
            yield entry

    monkeypatch.setattr(event_log, "_rows", rows_and_prune)
    assert take(log.subscribe(since=0)) == [*numbers(1, 8), "stream_reset", "stream_ready"]


def test_what_is_pruned_behind_the_cursor_is_not_missed(log: Log) -> None:
    log.commit(10)
    log.prune(10)
    assert take(log.subscribe(since=10)) == ["stream_ready"]
    assert take(log.subscribe(since=9)) == ["stream_reset", "stream_ready"]


def test_a_head_without_events_waits_for_them(log: Log) -> None:
    stream = log.subscribe()
    take(stream)
    log.hub.publish(USER, [Entry(1, "task_create", "")])  # told of, and not there
    assert take(stream) == []
    log.commit()
    log.hub.sweep()
    assert take(stream) == ["1"]


def test_an_ended_session_is_found_by_the_sweep(log: Log) -> None:
    stream = log.subscribe()
    log.end_session()
    log.hub.sweep()
    assert [batch[0].name for batch in stream.messages()] == ["stream_closed"]


def test_expiry_is_announced_a_minute_before_it_and_once(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    end = datetime(2030, 1, 1, tzinfo=UTC)
    left = timedelta(hours=1)
    monkeypatch.setattr(clock, "now", lambda: end - left)
    principal = Principal(USER, "session", int(end.timestamp()))
    stream = log.open.enter_context(log.hub.subscribe(principal, None, Connection()))
    assert take(stream) == ["stream_ready"]
    left = timedelta(seconds=61)
    assert take(stream) == []
    assert stream._patience() == 1  # and then it looks again
    left = timedelta(seconds=60)
    (warning,) = stream._next_batch()
    assert (warning.name, warning.payload) == ("token_expiring", '{"expires_in":60}')
    left = timedelta(seconds=30)
    assert take(stream) == []


def test_nothing_goes_out_after_the_expiry(log: Log) -> None:
    stream = log.subscribe()
    take(stream)
    log.hub.publish(USER, log.commit())
    stream.principal = PRINCIPAL._replace(expires_at=int(clock.now().timestamp()))
    assert [batch[0].name for batch in stream.messages()] == ["stream_closed"]


def test_who_was_asleep_when_another_read_on_is_woken_by_the_sweep(log: Log) -> None:
    first, second = log.subscribe(), log.subscribe()
    assert take(first) == take(second) == ["stream_ready"]
    log.commit()
    log.hub.sweep()
    assert take(first) == ["1"]
    first._wake.clear()
    log.commit()
    assert take(second) == ["1", "2"]
    log.hub.sweep()
    assert first._wake.is_set()
    assert take(first) == ["2"]


def test_connections_are_counted_and_forgotten(log: Log) -> None:
    with ExitStack() as streams:
        for _ in range(MAX_CONNECTIONS - 1):
            streams.enter_context(log.hub.subscribe(PRINCIPAL, None, Connection()))
        one_more = log.hub.subscribe(PRINCIPAL, None, Connection())
        with one_more, pytest.raises(ApiError, match="More than"):
            log.subscribe()
        log.subscribe()
        log.open.close()
    assert log.hub.subscriptions() == []
    assert log.hub.users == {}


def test_nobody_is_taken_in_after_the_stop(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "MAX_CLOSING", 0)  # nobody reads while it stops
    stream = log.subscribe()
    log.hub.stop()
    assert [batch[0].payload for batch in stream.messages()] == [
        '{"code":"server_restart","reconnect":true}'
    ]
    with pytest.raises(ApiError, match="restarting"):
        log.subscribe()


def test_a_join_that_fails_leaves_nobody(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(UserLog, "read_head", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        log.subscribe()
    assert log.hub.subscriptions() == []
