"""Idempotency-Key on POST tasks/bulk/: a repetition is answered, not carried out again."""

import pytest

from tests.support.api import User, succeed
from tests.support.asserts import assert_no_events, assert_problem, events_of
from tests.support.databases import Database
from tests.support.tables import contents, nothing_changes
from tests.support.values import UNKNOWN

CREATE = {"action": "create", "task": {"title": "One"}}


def test_repetition_gets_the_first_reply(user: User, database: Database) -> None:
    task = user.create_task()
    operations = (CREATE, {"action": "delete", "id": task["id"]}, CREATE)
    first = user.bulk(*operations, key="k")
    assert len(succeed(first)["results"]) == 3
    with nothing_changes(database):
        for _ in range(2):
            assert user.bulk(*operations, key="k").body == first.body
    assert len(events_of(database, user.id)) == 4
    assert succeed(user.get("tasks/"))["count"] == 2
    assert user.bulk(*operations, key="another").status == 404


def test_a_bulk_that_changed_nothing_changes_nothing_later(user: User, database: Database) -> None:
    task = user.create_task("One")
    rename = {"action": "update", "id": task["id"], "task": {"title": "One"}}
    first = user.bulk(rename, key="k")
    assert succeed(first)["results"] == [task]
    succeed(user.patch(f"tasks/{task['id']}/", {"title": "Two"}))
    with nothing_changes(database):
        assert user.bulk(rename, key="k").body == first.body
    assert [event["seq"] for event in events_of(database, user.id)] == [1, 2]
    assert user.create_task()["id"] == events_of(database, user.id)[2]["task_id"]


def test_another_body_is_refused(user: User, database: Database) -> None:
    succeed(user.bulk(CREATE, key="k"))
    with nothing_changes(database):
        assert_problem(user.bulk(CREATE, CREATE, key="k"), 422, "idempotency_mismatch")


def test_refused_bulk_leaves_its_key_free(user: User, database: Database) -> None:
    with nothing_changes(database):
        assert_problem(
            user.bulk(CREATE, {"action": "delete", "id": UNKNOWN}, key="k"), 404, "not_found"
        )
    assert_no_events(database)
    succeed(user.bulk(CREATE, key="k"))


@pytest.mark.parametrize("key", ["", "x" * 256])
def test_refused_keys(user: User, database: Database, key: str) -> None:
    problem = assert_problem(user.bulk(CREATE, key=key), 422, "validation_failed")
    assert problem["errors"].keys() == {"Idempotency-Key"}
    assert_no_events(database)
    assert contents(database)["tasks"] == []
