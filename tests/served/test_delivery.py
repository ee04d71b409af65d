"""For every transport: what is delivered, from where, to whom."""

import pytest
from sqlalchemy import delete

from taskmaster.events.models import Event
from tests.support.api import Api, User
from tests.support.databases import Database
from tests.support.stage import Open
from tests.support.streams import BrowserWebSocketClient, RefusedError, StreamClient


def test_live_events_are_the_committed_changes(user: User, open_stream: Open) -> None:
    stream = open_stream(user)
    task = user.create_task("Live")
    changed = user.patch(f"tasks/{task['id']}/", {"title": "Lived"}).json
    user.delete(f"tasks/{task['id']}/")
    created, updated, deleted = stream.wait_for_events(3)
    assert stream.of("stream_ready") == [stream.received[0][1]]
    assert {k: created[k] for k in task} == task
    assert {k: updated[k] for k in task} == changed
    assert deleted.keys() == {"seq", "action", "occurred_at", "id"}
    assert [e["action"] for e in stream.events] == ["task_create", "task_update", "task_delete"]
    assert stream.seqs == [1, 2, 3]


def test_resume_replays_what_was_missed_then_goes_on(user: User, open_stream: Open) -> None:
    for start in range(0, 250, 50):
        tasks = [{"title": f"Task {number}"} for number in range(start, start + 50)]
        operations = [{"action": "create", "task": task} for task in tasks]
        assert user.bulk(*operations).status == 200
    stream = open_stream(user, since=7)
    user.create_task("Live")
    stream.wait_for_events(244)
    assert stream.seqs == list(range(8, 252))
    ready = stream.of("stream_ready")[0]
    assert ready["seq"] == ready["replayed"] + 7 >= 250


def test_a_position_ahead_of_the_log_is_reset(user: User, open_stream: Open) -> None:
    user.create_task()
    stream = open_stream(user, since=99)
    assert stream.of("stream_reset")[0].items() >= {"seq": 1, "reason": "ahead"}.items()
    user.create_task()
    stream.wait_for_events(1)
    assert stream.seqs == [2]


def test_a_pruned_position_is_reset(
    user: User, open_stream: Open, stream_database: Database
) -> None:
    for _ in range(5):
        user.create_task()
    with stream_database.engine.begin() as connection:
        connection.execute(delete(Event).where(Event.user_id == user.id, Event.seq <= 3))
    reset, kept = open_stream(user, since=2), open_stream(user, since=3)
    assert reset.of("stream_reset")[0].items() >= {"seq": 5, "reason": "expired"}.items()
    user.create_task()
    reset.wait_for_events(1)
    kept.wait_for_events(3)
    assert (reset.seqs, kept.seqs) == ([6], [4, 5, 6])


@pytest.mark.parametrize("since", ["x", "-1", "1.5", "9" * 30])
def test_a_position_that_is_no_number_is_refused(
    user: User, open_stream: Open, since: str, transport: type[StreamClient]
) -> None:
    if transport is BrowserWebSocketClient:
        stream = open_stream(user, since, ready=False)
        stream.wait_for_end()
        assert stream.of("error")[0]["code"] == "validation_failed"
        return
    with pytest.raises(RefusedError, match="validation_failed"):
        open_stream(user, since)


def test_nobody_gets_another_users_events(user: User, open_stream: Open, anybody: Api) -> None:
    other = anybody.register()
    mine, theirs = open_stream(user), open_stream(other)
    for number in (1, 2):  # what is not one's own and comes late, comes before the second
        user.create_task(f"Mine {number}")
        other.create_task(f"Theirs {number}")
        mine.wait_for_events(number)
        theirs.wait_for_events(number)
    assert [event["title"] for event in mine.events] == ["Mine 1", "Mine 2"]
    assert [event["title"] for event in theirs.events] == ["Theirs 1", "Theirs 2"]


def test_one_users_clients_get_the_same(user: User, open_stream: Open) -> None:
    user.create_task()
    streams = [open_stream(user, since) for since in (None, 0, 1, 99)]
    for _ in range(20):
        user.create_task()
    for stream, first in zip(streams, (2, 1, 2, 2), strict=True):
        stream.wait_for_events(22 - first)
        assert stream.seqs == list(range(first, 22))
