"""GET tasks/events/: the log by REST, in pages, and 410 for what it does not have."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import delete

from taskmaster.events import log
from taskmaster.events.models import Event
from tests.support.api import Api, User, succeed
from tests.support.asserts import assert_problem, events_of
from tests.support.databases import Database

HOST = "http://localhost"


def replay(user: User, **params: Any) -> dict[str, Any]:
    body: dict[str, Any] = succeed(user.get("tasks/events/", params=params))
    assert body.keys() == {"seq", "next", "results"}
    return body


def seqs(body: dict[str, Any]) -> list[int]:
    return [event["seq"] for event in body["results"]]


@pytest.fixture
def busy(api: Api, user: User) -> User:
    """Somebody with ten events, beside somebody else."""
    api.register().create_task("theirs")
    for number in range(10):
        user.create_task(str(number))
    return user


def test_empty_log(user: User) -> None:
    assert replay(user) == {"seq": 0, "next": None, "results": []}
    assert replay(user, since=0) == {"seq": 0, "next": None, "results": []}


def test_everything_by_default(busy: User, database: Database) -> None:
    body = replay(busy)
    assert (body["seq"], body["next"]) == (10, None)
    assert body["results"] == [event["payload"] for event in events_of(database, busy.id)]


def test_what_came_after(busy: User) -> None:
    for since in range(11):
        body = replay(busy, since=since)
        assert (body["seq"], seqs(body)) == (10, [*range(since + 1, 11)]), since


def test_pages_lead_to_the_end(busy: User) -> None:
    for limit, pages in {1: 10, 3: 4, 5: 2, 10: 1, 1000: 1}.items():
        bodies = [replay(busy, limit=limit)]
        while following := bodies[-1]["next"]:
            assert following.startswith(f"{HOST}/api/v1/tasks/events/?")
            query = {"since": [str(seqs(bodies[-1])[-1])], "limit": [str(limit)]}
            assert parse_qs(urlsplit(following).query) == query
            bodies.append(succeed(busy.get(following.removeprefix(HOST))))
        assert len(bodies) == pages, limit
        assert [seq for body in bodies for seq in seqs(body)] == [*range(1, 11)], limit


def test_an_event_that_comes_while_it_reads_is_counted(
    busy: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = log.read

    def read_late(*args: Any) -> Any:
        monkeypatch.undo()
        with ThreadPoolExecutor(1) as others:
            others.submit(busy.create_task, "late").result()
        return read(*args)

    monkeypatch.setattr(log, "read", read_late)
    body = replay(busy, since=8)
    assert (body["seq"], seqs(body), body["next"]) == (11, [9, 10, 11], None)


def test_ahead_of_the_log(busy: User) -> None:
    for since in (11, 12, 2**31, 2**63 - 1):
        reply = busy.get("tasks/events/", params={"since": since})
        assert_problem(reply, 410, "position_expired")


def test_from_before_what_is_kept(busy: User, database: Database) -> None:
    with database.engine.begin() as connection:
        connection.execute(delete(Event).where(Event.user_id == busy.id, Event.seq <= 4))
    for since in (0, 1, 3):
        reply = busy.get("tasks/events/", params={"since": since})
        assert_problem(reply, 410, "position_expired")
    assert_problem(busy.get("tasks/events/"), 410, "position_expired")
    assert seqs(replay(busy, since=4)) == [5, 6, 7, 8, 9, 10]


def test_of_a_log_that_is_pruned_whole(busy: User, database: Database) -> None:
    with database.engine.begin() as connection:
        connection.execute(delete(Event).where(Event.user_id == busy.id))
    assert_problem(busy.get("tasks/events/", params={"since": 9}), 410, "position_expired")
    assert replay(busy, since=10) == {"seq": 10, "next": None, "results": []}
    busy.create_task()
    assert seqs(replay(busy, since=10)) == [11]


REFUSED = [
    *(("since", bad) for bad in ("", "-1", "x", "1.0", " 1", "+1", "1e3", "٣", str(2**63))),
    *(("limit", bad) for bad in ("", "0", "-1", "1001", "x", str(10**30))),
    ("page", "1"),
    ("Since", "1"),
]


def test_bad_parameters_are_named(busy: User) -> None:
    for name, bad in REFUSED:
        reply = busy.get("tasks/events/", params={name: bad})
        problem = assert_problem(reply, 422, "validation_failed")
        assert problem["errors"].keys() == {name}, (name, bad)


def test_list_and_replay_from_its_position_miss_nothing(busy: User) -> None:
    reply = busy.get("tasks/", params={"page_size": 100})
    task = busy.create_task("later")
    (event,) = replay(busy, since=reply.headers["Stream-Position"])["results"]
    assert event["id"] == task["id"]
