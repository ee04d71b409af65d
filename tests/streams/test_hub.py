"""The hub by itself, without Flask: the races that a real client only meets by luck."""

from collections.abc import Iterator

import pytest
from sqlalchemy import StaticPool, create_engine, delete, insert, update

from taskmaster.core import clock
from taskmaster.core.auth import Principal
from taskmaster.core.errors import ApiError
from taskmaster.events.log import Entry, events, heads
from taskmaster.streams.bus import MemoryBus
from taskmaster.streams.channel import RING, Channel
from taskmaster.streams.follower import MOST_DUE, Follower
from taskmaster.streams.hub import MOST_CONNECTIONS, Hub

USER = "018f0000-0000-7000-8000-000000000001"


class Log:
    """A log in memory, and a hub that follows it."""

    def __init__(self) -> None:
        self.engine = create_engine("sqlite://", poolclass=StaticPool,
                                    connect_args={"check_same_thread": False})  # fmt: skip
        for table in (heads, events):
            table.create(self.engine)
        with self.engine.begin() as connection:
            connection.execute(insert(heads), {"user_id": USER, "seq": 0, "task_count": 0})
        self.live = {"session"}
        self.hub = Hub(self.engine, MemoryBus(), lambda _, ids: self.live & set(ids))
        self.seq = 0

    def commit(self, count: int = 1) -> list[Entry]:
        """Commit events without telling the hub; return what a wake-up would carry."""
        entries = [self._entry(self.seq + n) for n in range(1, count + 1)]
        self.seq += count
        now = clock.now()
        with self.engine.begin() as connection:
            connection.execute(update(heads).values(seq=self.seq))
            connection.execute(
                insert(events),
                [{"user_id": USER, "seq": e.seq, "action": e.action, "task_id": USER,
                  "occurred_at": now, "payload": e.payload} for e in entries],
            )  # fmt: skip
        return entries

    def prune(self, seq: int) -> None:
        with self.engine.begin() as connection:
            connection.execute(delete(events).where(events.c.seq <= seq))

    def join(self, since: int | None = None) -> Follower:
        return self.hub.join(Principal(USER, "session", 2**40), since)

    @staticmethod
    def _entry(seq: int) -> Entry:
        return Entry(seq, "task_create", f'{{"seq":{seq}}}')


@pytest.fixture
def log() -> Iterator[Log]:
    log = Log()
    yield log
    log.engine.dispose()


def take(follower: Follower) -> list[str]:
    """Return what a follower would send now, without waiting: numbers, and control messages."""
    taken: list[str] = []
    while batch := follower._next_batch():
        taken += [str(message.seq) if message.is_event else message.name for message in batch]
    return taken


def numbers(first: int, last: int) -> list[str]:
    return [str(number) for number in range(first, last + 1)]


def test_an_event_between_registration_and_head_is_live(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    log.commit(3)
    read_head = log.hub.read_head

    def commit_first(channel: Channel) -> int:
        log.hub.wake(USER, log.commit())  # 4: committed and told before the head is read
        head = read_head(channel)
        log.hub.wake(USER, log.commit())  # 5: after it was read, before the cursor is set
        return head

    monkeypatch.setattr(log.hub, "read_head", commit_first)
    fresh = log.join()
    assert (fresh.cursor, take(fresh)) == (5, ["stream_ready"])
    monkeypatch.undo()
    assert take(log.join(since=2)) == [*numbers(3, 5), "stream_ready"]
    log.hub.wake(USER, log.commit())
    assert take(fresh) == ["6"]


def test_it_is_ready_although_the_log_grows_at_each_look(log: Log) -> None:
    log.commit(150)
    follower, taken = log.join(0), []
    while "stream_ready" not in taken and log.seq < 200:
        log.hub.wake(USER, log.commit())
        taken += [message.name for message in follower._next_batch()]
    assert "stream_ready" in taken


def test_lost_doubled_and_reordered_wake_ups_do_not_matter(log: Log) -> None:
    follower = log.join()
    assert take(follower) == ["stream_ready"]
    one, two, three, four, five = log.commit(5)
    log.hub.wake(USER, [three])  # 1 and 2 are lost
    assert take(follower) == numbers(1, 5)[:5]
    for entries in ([five], [five], [one], [four, two], []):
        log.hub.wake(USER, entries)
        assert take(follower) == []
    log.commit(2)  # nobody tells at all
    assert take(follower) == []
    log.hub.sweep()
    assert take(follower) == ["6", "7"]


def test_every_order_of_wake_ups_gives_one_order_of_events(log: Log) -> None:
    follower = log.join()
    take(follower)
    received: list[str] = []
    for order in ((0, 1, 2), (2, 1, 0), (1, 2, 0), (2, 0, 1), (0, 2, 1), (1, 0, 2)):
        entries = log.commit(3)
        for number in order:
            log.hub.wake(USER, [entries[number]])
            received += take(follower)
    assert received == numbers(1, 18)


@pytest.mark.parametrize("behind", [RING - 1, RING, RING + 1, 2 * RING + 50])
def test_the_edge_of_the_ring(log: Log, behind: int) -> None:
    follower = log.join()
    take(follower)
    for _ in range(behind):
        log.hub.wake(USER, log.commit())
    assert take(follower) == numbers(1, behind)


def test_a_page_pruned_in_the_middle_of_a_replay_resets(log: Log) -> None:
    log.commit(250)
    follower = log.join(since=0)
    assert [message.seq for message in follower._next_batch()] == list(range(1, 101))
    log.prune(180)
    assert take(follower) == ["stream_reset", "stream_ready"]
    assert follower.cursor == 250
    log.hub.wake(USER, log.commit())
    assert take(follower) == ["251"]


def test_what_is_pruned_behind_the_cursor_is_not_missed(log: Log) -> None:
    log.commit(10)
    log.prune(10)
    assert take(log.join(since=10)) == ["stream_ready"]
    assert take(log.join(since=9)) == ["stream_reset", "stream_ready"]


def test_a_head_without_events_waits_for_them(log: Log) -> None:
    follower = log.join()
    take(follower)
    log.hub.wake(USER, [Entry(1, "task_create", "")])  # told of, and not there
    assert take(follower) == []
    log.commit()
    log.hub.sweep()
    assert take(follower) == ["1"]


def test_a_blocked_write_is_cut_when_too_much_is_due(log: Log) -> None:
    follower, aborted = log.join(), list[bool]()
    follower.abort = lambda: aborted.append(True)
    messages = follower.messages()
    next(messages)  # ready: and this write never comes back
    log.hub.wake(USER, log.commit(MOST_DUE))
    assert not aborted
    log.hub.wake(USER, log.commit())
    assert aborted
    assert list(messages) == []  # no goodbye


def test_an_ended_session_is_found_by_the_sweep(log: Log) -> None:
    follower = log.join()
    log.live.clear()
    log.hub.sweep()
    assert [batch[0].name for batch in follower.messages()] == ["stream_closed"]


def test_connections_are_counted_and_forgotten(log: Log) -> None:
    followers = [log.join() for _ in range(MOST_CONNECTIONS)]
    with pytest.raises(ApiError, match="More than"):
        log.join()
    log.hub.join_room(USER, 0).leave()  # the room's own is not a client
    followers[0].leave()
    followers[0].leave()
    followers[0] = log.join()
    for follower in followers:
        follower.leave()
    assert log.hub.followers() == []
    assert log.hub._channels == {}


def test_nobody_is_taken_in_after_the_stop(log: Log) -> None:
    follower = log.join()
    log.hub.stop()
    assert [batch[0].payload for batch in follower.messages()] == [
        '{"code":"server_restart","reconnect":true}'
    ]
    with pytest.raises(ApiError, match="restarting"):
        log.join()


def test_a_join_that_fails_leaves_nobody(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log.hub, "read_head", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        log.join()
    assert log.hub.followers() == []
