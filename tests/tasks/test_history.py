"""GET tasks/{id}/history/: what happened to one task, while the log keeps it."""

from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import delete

from taskmaster.events import log
from taskmaster.events.log import MAX_PAGE_SIZE
from taskmaster.events.models import Event
from tests.support.api import Api, User, succeed
from tests.support.asserts import assert_problem, events_of
from tests.support.databases import Database
from tests.support.values import UNKNOWN


def prune(database: Database, *seqs: int) -> None:
    """Delete events as retention would."""
    with database.engine.begin() as connection:
        connection.execute(delete(Event).where(Event.seq.in_(seqs)))


def test_events_of_one_task_oldest_first(user: User, database: Database) -> None:
    task = user.create_task("One")
    path = f"tasks/{task['id']}/"
    user.create_task("Another")
    user.patch(path, {"title": "Two"})
    user.patch(path, {"title": "Two"})  # changes nothing
    user.delete(path)
    body = succeed(user.get(f"{path}history/"))
    assert body.keys() == {"next", "results"}
    assert body["next"] is None
    told = [event["payload"] for event in events_of(database, user.id)]
    assert body["results"] == [told[0], told[2], told[3]]
    assert [event["seq"] for event in body["results"]] == [1, 3, 4]


def test_what_is_pruned_is_missing(user: User, database: Database) -> None:
    path = f"tasks/{user.create_task('One')['id']}/"
    user.patch(path, {"title": "Two"})
    prune(database, 1)
    (left,) = succeed(user.get(f"{path}history/"))["results"]
    assert left["title"] == "Two"
    prune(database, 2)
    assert succeed(user.get(f"{path}history/")) == {"next": None, "results": []}
    user.delete(path)
    assert len(succeed(user.get(f"{path}history/"))["results"]) == 1
    prune(database, 3)
    assert_problem(user.get(f"{path}history/"), 404, "not_found")


@pytest.mark.parametrize("deleted", [False, True])
def test_another_users_task_has_none(api: Api, user: User, deleted: bool) -> None:
    other = api.register()
    theirs = other.create_task()["id"]
    if deleted:
        other.delete(f"tasks/{theirs}/")
    for task_id in (theirs, UNKNOWN, "1"):
        assert_problem(user.get(f"tasks/{task_id}/history/"), 404, "not_found")
    assert succeed(other.get(f"tasks/{theirs}/history/"))["results"]


def test_takes_no_other_method(user: User) -> None:
    path = f"tasks/{user.create_task()['id']}/history/"
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert_problem(user.call(method, path), 405, "method_not_allowed")


@pytest.fixture
def busy(user: User) -> str:
    """The path of the history of a task with ten events, each followed by another task's."""
    path = f"tasks/{user.create_task('0')['id']}/"
    for number in range(1, 10):
        user.create_task("Another")
        user.patch(path, {"title": str(number)})
    return f"{path}history/"


def test_pages_lead_to_the_end(user: User, busy: str) -> None:
    for limit, pages in {1: 10, 3: 4, 5: 2, 10: 1, 1000: 1}.items():
        bodies = [succeed(user.get(busy, params={"limit": limit, "since": 0}))]
        while following := bodies[-1]["next"]:
            url = urlsplit(following)
            assert (url.scheme, url.netloc, url.path) == ("http", "localhost", f"/api/v1/{busy}")
            since = str(bodies[-1]["results"][-1]["seq"])
            assert parse_qs(url.query) == {"since": [since], "limit": [str(limit)]}
            bodies.append(succeed(user.get(f"{url.path}?{url.query}")))
        assert len(bodies) == pages, limit
        found = [event["seq"] for body in bodies for event in body["results"]]
        assert found == [*range(1, 20, 2)], limit


def test_after_a_position(user: User, busy: str) -> None:
    for since, left in {0: 10, 1: 9, 2: 9, 18: 1, 19: 0, 2**63 - 1: 0}.items():
        body = succeed(user.get(busy, params={"since": since}))
        assert (len(body["results"]), body["next"]) == (left, None), since


def test_a_hundred_by_default(user: User) -> None:
    task = user.create_task()["id"]
    for title in "ab":
        change = {"action": "update", "id": task, "task": {}}
        operations = [change | {"task": {"title": f"{title}{n}"}} for n in range(100)]
        succeed(user.bulk(*operations))
    body = succeed(user.get(f"tasks/{task}/history/"))
    assert [event["seq"] for event in body["results"]] == [*range(1, 101)]
    assert body["next"].endswith("/history/?since=100")
    all_of_it = succeed(user.get(f"tasks/{task}/history/", params={"limit": 1000}))
    assert [event["seq"] for event in all_of_it["results"]] == [*range(1, 202)]


@pytest.mark.parametrize(
    ("path", "letter", "expected"),
    [("tasks/{id}/history/", "x", 4), ("tasks/events/", "\U0001f4a3", 17)],
)
def test_pages_are_bounded_in_bytes_too(user: User, path: str, letter: str, expected: int) -> None:
    task = user.create_task("0", description=letter * 10_000)["id"]
    change = {"action": "update", "id": task}
    operations = [change | {"task": {"title": str(number)}} for number in range(1, 100)]
    succeed(user.bulk(*operations))
    following, seqs, pages = f"/api/v1/{path.format(id=task)}?limit=1000", list[int](), 0
    while following:
        reply = user.get(following.removeprefix("http://localhost"))
        assert len(reply.body) < MAX_PAGE_SIZE + 1000
        seqs += [event["seq"] for event in succeed(reply)["results"]]
        following, pages = reply.json["next"], pages + 1
    assert seqs == [*range(1, 101)]
    assert pages == expected


def test_one_event_may_be_larger_than_a_page(
    user: User, busy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "MAX_PAGE_SIZE", 10)
    body = succeed(user.get(busy))
    assert [event["seq"] for event in body["results"]] == [1]
    assert body["next"].endswith("?since=1")


def test_bad_parameters_are_named(user: User, busy: str, database: Database) -> None:
    events = len(events_of(database, user.id))
    for name, bad in (
        ("since", "-1"),
        ("since", "x"),
        ("limit", "0"),
        ("limit", "1001"),
        ("a", ""),
    ):
        reply = user.get(busy, params={name: bad})
        problem = assert_problem(reply, 422, "validation_failed")
        assert problem["errors"].keys() == {name}
    assert len(events_of(database, user.id)) == events
