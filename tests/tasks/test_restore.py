"""POST tasks/{id}/restore/: a deleted task comes back as it was, as long as the log has it."""

import json
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, select, update

from taskmaster.events.models import Event, StreamHead
from taskmaster.tasks.models import tasks
from tests.support.api import Api, User, succeed
from tests.support.asserts import assert_no_events, assert_problem, events_of
from tests.support.databases import Database
from tests.support.tables import nothing_changes
from tests.support.values import UNKNOWN

FIELDS = {
    "description": "Früh",
    "status_task": "IN PROGRESS",
    "due_date": "2030-01-31T12:00:00.000000+00:00",
    "priority": "HIGH",
}
# Of tasks when the log began to keep states. None is added here: those events stay as they are.
FIRST_FIELDS = ("id", "title", "date_created", "last_updated", *FIELDS)


def path_of(task: dict[str, Any]) -> str:
    return f"tasks/{task['id']}/"


@pytest.mark.parametrize("fields", [{}, FIELDS])
def test_it_is_as_it_was(user: User, database: Database, fields: dict[str, Any]) -> None:
    path = path_of(user.create_task("One", **fields))
    before = succeed(user.patch(path, {"title": "Zwölf"}))
    succeed(user.delete(path))
    reply = user.post(f"{path}restore/")
    assert succeed(reply) == before
    again = user.get(path)
    assert (succeed(again), again.headers["ETag"]) == (before, reply.headers["ETag"])
    assert succeed(user.get("tasks/"))["count"] == 1
    log = events_of(database, user.id)
    assert [event["action"] for event in log][2:] == ["task_delete", "task_create"]
    assert log[3]["payload"].items() >= (before | {"seq": 4}).items()


def test_it_is_found_and_ordered_as_before(user: User) -> None:
    task = user.create_task("Café")
    other = user.create_task("Another café")
    user.delete(path_of(task))
    user.post(f"{path_of(task)}restore/")
    for parameters in ({"ordering": "date_created"}, {"ordering": "-title", "search": "cafe"}):
        found = succeed(user.get("tasks/", params=parameters))["results"]
        assert found == [task, other]


def test_an_entity_tag_of_a_lost_history_never_matches(
    app: Flask, user: User, database: Database
) -> None:
    path = path_of(user.create_task("0"))
    with database.engine.connect() as connection:
        backup = connection.execute(select(tasks)).mappings().one()
        heads = connection.execute(select(StreamHead.seq)).scalar_one()
    succeed(user.patch(path, {"title": "lost"}))
    lost = user.get(path).headers["ETag"]
    with database.engine.begin() as connection:
        connection.execute(delete(Event).where(Event.seq > heads))
        connection.execute(update(tasks).values(**backup))
        connection.execute(update(StreamHead).values(seq=heads))
    app.test_cli_runner().invoke(args=["after-restore"], catch_exceptions=False)
    succeed(user.patch(path, {"title": "new"}))
    assert user.get(path, headers={"If-None-Match": lost}).status == 200
    reply = user.patch(path, {"title": "over it"}, headers={"If-Match": lost})
    assert_problem(reply, 412, "precondition_failed")


def test_an_entity_tag_from_before_never_matches_again(user: User) -> None:
    """However often a task is changed, deleted and restored."""
    path = path_of(user.create_task("0"))
    tags = [user.get(path).headers["ETag"]]
    for number in range(1, 10):
        if number % 3 == 0:
            user.delete(path)
            reply = user.post(f"{path}restore/")
        else:
            reply = user.patch(path, {"title": str(number)})
        assert reply.headers["ETag"] not in tags
        tags.append(reply.headers["ETag"])
    for tag in tags[:-1]:
        reply = user.patch(path, {"title": "Never"}, headers={"If-Match": tag})
        assert_problem(reply, 412, "precondition_failed")
    assert user.patch(path, {"title": "Now"}, headers={"If-Match": tags[-1]}).status == 200


def test_a_task_that_stands_is_refused(user: User, database: Database) -> None:
    path = path_of(user.create_task())
    with nothing_changes(database):
        assert_problem(user.post(f"{path}restore/"), 409, "already_exists")
    user.delete(path)
    succeed(user.post(f"{path}restore/"))
    with nothing_changes(database):
        assert_problem(user.post(f"{path}restore/"), 409, "already_exists")


def test_what_never_was_is_refused(user: User, database: Database) -> None:
    for task_id in (UNKNOWN, "1"):
        assert_problem(user.post(f"tasks/{task_id}/restore/"), 404, "not_found")
    assert_no_events(database)


def test_what_the_log_no_longer_has_is_refused(user: User, database: Database) -> None:
    path = path_of(user.create_task())
    user.delete(path)
    with database.engine.begin() as connection:
        connection.execute(delete(Event))
    with nothing_changes(database):
        assert_problem(user.post(f"{path}restore/"), 404, "not_found")


@pytest.mark.parametrize("bulk", [False, True])
def test_a_task_that_was_last_changed_before_what_the_log_keeps(
    user: User, database: Database, bulk: bool
) -> None:
    task = user.create_task("Old", **FIELDS)
    with database.engine.begin() as connection:
        connection.execute(delete(Event))
    if bulk:
        operation = {"action": "delete", "id": task["id"]}
        succeed(user.bulk(operation))
    else:
        succeed(user.delete(path_of(task)))
    assert succeed(user.post(f"{path_of(task)}restore/")) == task


def test_what_was_deleted_before_the_log_kept_states(user: User, database: Database) -> None:
    task = user.create_task("Old", **FIELDS)
    user.delete(path_of(task))
    with database.engine.begin() as connection:
        connection.execute(update(Event).values(state=None))
    assert succeed(user.post(f"{path_of(task)}restore/")) == task


def test_what_was_deleted_before_tasks_had_more_fields(user: User, database: Database) -> None:
    """A field that is added later has its default in `task_from_event`."""
    task = user.create_task("Old", **FIELDS)
    user.delete(path_of(task))
    state = json.dumps({name: task[name] for name in FIRST_FIELDS})
    with database.engine.begin() as connection:
        connection.execute(update(Event).where(Event.action == "task_delete").values(state=state))
    restored = succeed(user.post(f"{path_of(task)}restore/"))
    assert restored.items() >= {name: task[name] for name in FIRST_FIELDS}.items()
    assert restored.keys() == task.keys()


@pytest.mark.parametrize("deleted", [False, True])
def test_another_users_task_is_refused(
    api: Api, user: User, database: Database, deleted: bool
) -> None:
    other = api.register()
    path = path_of(other.create_task())
    if deleted:
        other.delete(path)
    with nothing_changes(database):
        assert_problem(user.post(f"{path}restore/"), 404, "not_found")
