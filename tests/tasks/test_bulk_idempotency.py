"""Idempotency-Key on POST tasks/bulk/: a repetition is answered, not carried out again."""

from typing import Any

import pytest

from tests.support.api import Reply, User, succeed
from tests.support.asserts import assert_no_events, assert_problem, events_of
from tests.support.databases import Database
from tests.support.tables import contents, nothing_changes

UNKNOWN = "0197f3c2-0000-7000-8000-000000000000"
CREATE = {"action": "create", "task": {"title": "One"}}


def bulk(user: User, *operations: Any, key: str = "k") -> Reply:
    headers = {"Idempotency-Key": key}
    return user.post("tasks/bulk/", {"operations": operations}, headers=headers)


def test_repetition_gets_the_first_reply(user: User, database: Database) -> None:
    task = user.create_task()
    operations = (CREATE, {"action": "delete", "id": task["id"]}, CREATE)
    first = bulk(user, *operations)
    assert len(succeed(first)["results"]) == 3
    with nothing_changes(database):
        for _ in range(2):
            assert bulk(user, *operations).body == first.body
    assert len(events_of(database, user.id)) == 4
    assert succeed(user.get("tasks/"))["count"] == 2
    assert bulk(user, *operations, key="another").status == 404


def test_a_bulk_that_changed_nothing_changes_nothing_later(user: User, database: Database) -> None:
    task = user.create_task("One")
    rename = {"action": "update", "id": task["id"], "task": {"title": "One"}}
    first = bulk(user, rename)
    assert succeed(first)["results"] == [task]
    succeed(user.patch(f"tasks/{task['id']}/", {"title": "Two"}))
    with nothing_changes(database):
        assert bulk(user, rename).body == first.body
    assert [event["seq"] for event in events_of(database, user.id)] == [1, 2]
    assert user.create_task()["id"] == events_of(database, user.id)[2]["task_id"]


def test_another_body_is_refused(user: User, database: Database) -> None:
    succeed(bulk(user, CREATE))
    with nothing_changes(database):
        assert_problem(bulk(user, CREATE, CREATE), 422, "idempotency_mismatch")


def test_refused_bulk_leaves_its_key_free(user: User, database: Database) -> None:
    with nothing_changes(database):
        assert_problem(bulk(user, CREATE, {"action": "delete", "id": UNKNOWN}), 404, "not_found")
    assert_no_events(database)
    succeed(bulk(user, CREATE))


@pytest.mark.parametrize("key", ["", "x" * 256])
def test_refused_keys(user: User, database: Database, key: str) -> None:
    problem = assert_problem(bulk(user, CREATE, key=key), 422, "validation_failed")
    assert problem["errors"].keys() == {"Idempotency-Key"}
    assert_no_events(database)
    assert contents(database)["tasks"] == []
