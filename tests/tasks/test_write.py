"""POST, PUT, PATCH and DELETE of tasks: one change, one event, in one transaction."""

from typing import Any

import pytest

from tests.support.api import Api, User, succeed
from tests.support.asserts import assert_no_events, assert_problem, events_of
from tests.support.databases import Database
from tests.support.tables import contents, nothing_changes
from tests.support.values import UNKNOWN

TASK_FIELDS = {
    "id", "title", "description", "status_task", "date_created", "last_updated", "due_date",
    "priority",
}  # fmt: skip


def test_created_task_has_its_defaults(user: User, database: Database) -> None:
    reply = user.post("tasks/", {"title": "One"})
    task = succeed(reply, 201)
    assert task.keys() == TASK_FIELDS
    defaults = {"title": "One", "description": "", "status_task": "TO DO", "due_date": None,
                "priority": "MEDIUM", "last_updated": task["date_created"]}  # fmt: skip
    assert task.items() >= defaults.items()
    assert reply.headers["Location"].endswith(f"/api/v1/tasks/{task['id']}/")
    assert succeed(user.get(f"tasks/{task['id']}/")) == task
    (event,) = events_of(database, user.id)
    payload = event["payload"]
    assert payload == task | {name: payload[name] for name in ("seq", "action", "occurred_at")}
    assert (payload["seq"], payload["action"]) == (1, "task_create")


ACCEPTED: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"title": "  padded\t"}, {"title": "padded"}),
    ({"title": "x" * 100}, {"title": "x" * 100}),
    ({"title": "👩‍👩‍👧" * 12}, {"title": "👩‍👩‍👧" * 12}),
    ({"title": "\u202eright to left\u2066"}, {"title": "\u202eright to left\u2066"}),
    ({"title": "a\u0301 is not \u00e1"}, {"title": "a\u0301 is not \u00e1"}),
    ({"title": "\ud83d\ude00 as a pair"}, {"title": "😀 as a pair"}),
    ({"description": "x" * 10_000}, {"description": "x" * 10_000}),
    ({"description": "  kept \n\r\t"}, {"description": "  kept \n\r\t"}),
    ({"description": "<script>'\";--\\"}, {"description": "<script>'\";--\\"}),
    ({"status_task": "IN PROGRESS"}, {"status_task": "IN PROGRESS"}),
    ({"status_task": "DONE", "priority": "HIGH"}, {"status_task": "DONE", "priority": "HIGH"}),
    ({"due_date": None}, {"due_date": None}),
    ({"due_date": "2030-01-31T12:00:00Z"}, {"due_date": "2030-01-31T12:00:00.000000+00:00"}),
    ({"due_date": "2030-01-31t12:00:00z"}, {"due_date": "2030-01-31T12:00:00.000000+00:00"}),
    ({"due_date": "2030-01-31t12:00:00.5Z"}, {"due_date": "2030-01-31T12:00:00.500000+00:00"}),
    (
        {"due_date": "2030-01-31T12:00:00.123456+05:30"},
        {"due_date": "2030-01-31T06:30:00.123456+00:00"},
    ),
    ({"due_date": "9999-12-30T00:00:00Z"}, {"due_date": "9999-12-30T00:00:00.000000+00:00"}),
    ({"id": "x", "date_created": 1, "last_updated": None}, {"title": "One"}),
]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_what_is_accepted_comes_back(user: User, method: str) -> None:
    for fields, stored in ACCEPTED:
        old = user.create_task("One")
        if method == "POST":
            task = succeed(user.post("tasks/", {"title": "One"} | fields), 201)
        else:
            task = succeed(user.call(method, f"tasks/{old['id']}/", fields))
        assert task.items() >= stored.items()
        assert succeed(user.get(f"tasks/{task['id']}/")) == task


REFUSED: list[tuple[str, Any]] = [
    *(("title", bad) for bad in ["", "   ", "x" * 101, None, 1, True, [], {}, "a\0b", "\ud83d"]),
    *(("description", bad) for bad in ["x" * 10_001, None, 1, ["x"], "a\0b", "\udc00"]),
    *(("status_task", bad) for bad in [
        "TODO", "to do", "IN_PROGRESS", "Done", "", None, 1, [], {}, "TO DO "
    ]),
    *(("due_date", bad) for bad in [
        "2030-01-31T12:00:00", "2030-01-31", "tomorrow", "", 0, 1e300, [], {},
        "2030-02-30T12:00:00Z", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59",
        "9999-12-30T00:00:00.000001Z",
        "2030-01-31T12:00:00+25:00", "2030-01-31t12:00:00", "2030-01-31T12:00:00zz",
        "2030-01-31\ud80012:00:00Z", "2030-01-31_12:00:00Z", "2030-W05-4T12:00Z",
        "20300131T120000Z", "2030-01-31T12Z", "2030-01-31T12:00:00+01:00:30",
        "\u0662030-01-31T12:00:00Z",
    ]),
    *(("priority", bad) for bad in ["low", "URGENT", "", 1, None, [], {}]),
    *((typo, "x") for typo in ["user_id", "version", "dueDate", "Title", "", "__proto__"]),
]  # fmt: skip


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_refused_fields_are_named_and_leave_nothing(
    user: User, database: Database, method: str
) -> None:
    path = "tasks/" if method == "POST" else f"tasks/{user.create_task()['id']}/"
    with nothing_changes(database):
        for field, bad in REFUSED:
            reply = user.call(method, path, {"title": "Fine"} | {field: bad})
            problem = assert_problem(reply, 422, "validation_failed")
            assert problem["errors"].keys() == {field or "body"}, (field, bad)


def test_title_is_needed(user: User, database: Database) -> None:
    problem = assert_problem(user.post("tasks/", {}), 422, "validation_failed")
    assert problem["errors"].keys() == {"title"}
    assert_no_events(database)


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_only_sent_fields_change(user: User, database: Database, method: str) -> None:
    task = user.create_task("One", description="Long", priority="HIGH", due_date=FUTURE)
    path = f"tasks/{task['id']}/"
    changed = succeed(user.call(method, path, {"status_task": "DONE"}))
    assert changed == task | {"status_task": "DONE", "last_updated": changed["last_updated"]}
    assert changed["last_updated"] > task["last_updated"]
    assert succeed(user.get(path)) == changed
    created, updated = events_of(database, user.id)
    assert (updated["seq"], updated["action"]) == (2, "task_update")
    assert updated["payload"].items() >= changed.items()
    assert created["payload"]["status_task"] == "TO DO"


FUTURE = "2030-01-31T12:00:00.000000+00:00"


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_client_of_the_original_erases_nothing(user: User, method: str) -> None:
    task = user.create_task("One", priority="HIGH", due_date=FUTURE)
    ours = ("due_date", "priority")
    original = {name: value for name, value in task.items() if name not in ours}
    changed = succeed(user.call(method, f"tasks/{task['id']}/", original | {"title": "Two"}))
    assert {name: changed[name] for name in ours} == {name: task[name] for name in ours}


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_change_of_nothing_is_no_event(user: User, database: Database, method: str) -> None:
    task = user.create_task("One", due_date=FUTURE)
    path = f"tasks/{task['id']}/"
    with nothing_changes(database):
        for body in ({}, task, {"title": " One "}, {"due_date": "2030-01-31T13:00:00+01:00"}):
            assert succeed(user.call(method, path, body)) == task
    user.patch(path, {"title": "Two"})
    assert [event["seq"] for event in events_of(database, user.id)] == [1, 2]


def test_deleted_task_is_gone(user: User, database: Database) -> None:
    task = user.create_task()
    path = f"tasks/{task['id']}/"
    assert succeed(user.delete(path)) == {"message": "Task deleted successfully"}
    payload = events_of(database, user.id)[1]["payload"]
    assert payload == {
        "seq": 2, "action": "task_delete", "occurred_at": payload["occurred_at"], "id": task["id"],
    }  # fmt: skip
    assert contents(database)["tasks"] == []
    with nothing_changes(database):
        for method in ("GET", "PUT", "PATCH", "DELETE"):
            body = {"title": "Back"} if method.startswith("P") else None
            assert_problem(user.call(method, path, body), 404, "not_found")


def test_another_users_task_does_not_exist(api: Api, user: User, database: Database) -> None:
    theirs = api.register().create_task()["id"]
    with nothing_changes(database):
        for method in ("GET", "PUT", "PATCH", "DELETE"):
            body = {"title": "Mine"} if method.startswith("P") else None
            refusals = []
            for task_id in (theirs, UNKNOWN, "1", "x" * 300, theirs + "0", theirs.replace("-", "")):
                reply = user.call(method, f"tasks/{task_id}/", body)
                refusals.append(assert_problem(reply, 404, "not_found") | {"request_id": ""})
            assert refusals[0] == refusals[1], method
