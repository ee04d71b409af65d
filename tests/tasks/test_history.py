"""GET tasks/{id}/history/: what happened to one task, while the log keeps it."""

import pytest
from flask import Flask
from sqlalchemy import delete

from taskmaster.events.models import Event
from tests.support.api import Api, User, succeed
from tests.support.asserts import assert_problem, events_of
from tests.support.databases import Database


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
    assert body.keys() == {"results"}
    log = [event["payload"] for event in events_of(database, user.id)]
    assert body["results"] == [log[0], log[2], log[3]]
    assert [event["seq"] for event in body["results"]] == [1, 3, 4]


def test_what_is_pruned_is_missing(user: User, database: Database) -> None:
    path = f"tasks/{user.create_task('One')['id']}/"
    user.patch(path, {"title": "Two"})
    prune(database, 1)
    (left,) = succeed(user.get(f"{path}history/"))["results"]
    assert left["title"] == "Two"
    prune(database, 2)
    assert succeed(user.get(f"{path}history/")) == {"results": []}
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
    for task_id in (theirs, "0197f3c2-0000-7000-8000-000000000000", "1"):
        assert_problem(user.get(f"tasks/{task_id}/history/"), 404, "not_found")
    assert succeed(other.get(f"tasks/{theirs}/history/"))["results"]


def test_takes_no_other_method(app: Flask, user: User) -> None:
    path = f"tasks/{user.create_task()['id']}/history/"
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert_problem(user.call(method, path), 405, "method_not_allowed")
