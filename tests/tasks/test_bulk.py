"""POST tasks/bulk/: up to 100 changes in one transaction, all or nothing, one event each."""

from typing import Any

import pytest

from tests.support.api import Api, User, succeed
from tests.support.asserts import assert_problem, events_of
from tests.support.databases import Database
from tests.support.tables import contents, nothing_changes
from tests.support.values import UNKNOWN

FUTURE = "2030-01-31T12:00:00.000000+00:00"
Operation = dict[str, Any]


def create(title: str = "New", **fields: Any) -> Operation:
    return {"action": "create", "task": {"title": title, **fields}}


def update(task_id: str, **fields: Any) -> Operation:
    return {"action": "update", "id": task_id, "task": fields}


def delete(task_id: str) -> Operation:
    return {"action": "delete", "id": task_id}


def results(user: User, *operations: Operation) -> list[dict[str, Any]]:
    body = succeed(user.bulk(*operations))
    assert body.keys() == {"results"}
    assert len(body["results"]) == len(operations)
    found: list[dict[str, Any]] = body["results"]
    return found


def test_each_action_in_order(user: User, database: Database) -> None:
    kept, gone = user.create_task("Kept", priority="LOW"), user.create_task("Gone")
    created, updated, deleted = results(
        user,
        create(" New ", description="Long", due_date=FUTURE),
        update(kept["id"], status_task="DONE"),
        delete(gone["id"]),
    )
    assert (created["title"], created["due_date"], created["priority"]) == ("New", FUTURE, "MEDIUM")
    assert updated == kept | {"status_task": "DONE", "last_updated": updated["last_updated"]}
    assert deleted == {"id": gone["id"]}
    for task in (created, updated):
        assert succeed(user.get(f"tasks/{task['id']}/")) == task
    log = [event["payload"] for event in events_of(database, user.id)][2:]
    assert [event["seq"] for event in log] == [3, 4, 5]
    assert [event["action"] for event in log] == ["task_create", "task_update", "task_delete"]
    assert log[0].items() >= created.items()
    assert log[1].items() >= updated.items()
    assert log[2]["id"] == gone["id"]


def test_one_after_the_other_on_the_same_task(user: User, database: Database) -> None:
    task = user.create_task("One")
    found = results(
        user, *(update(task["id"], title=title) for title in ("Two", "Three", "Two")),
        delete(task["id"]),
    )  # fmt: skip
    assert [result.get("title") for result in found] == ["Two", "Three", "Two", None]
    titles = [event["payload"].get("title") for event in events_of(database, user.id)]
    assert titles == ["One", "Two", "Three", "Two", None]
    assert contents(database)["tasks"] == []


def test_operations_on_several_tasks_in_turns(user: User, database: Database) -> None:
    one, two, three = (user.create_task(title) for title in ("One", "Two", "Three"))
    found = results(
        user,
        update(one["id"], title="A"), update(two["id"], priority="LOW"), create("Four"),
        update(one["id"], description="B"), update(two["id"], title="Never again"),
        delete(two["id"]), update(one["id"], description="B"), delete(three["id"]),
    )  # fmt: skip
    assert [result.get("title") for result in found[:2]] == ["A", "Two"]
    assert found[3] == found[6] == found[0] | {
        "description": "B", "last_updated": found[3]["last_updated"]
    }  # fmt: skip
    reply = user.get(f"tasks/{one['id']}/")
    assert (succeed(reply), reply.headers["ETag"]) == (found[6], '"7"')
    listed = succeed(user.get("tasks/", params={"ordering": "title"}))
    assert listed["results"] == [found[6], found[2]]
    log = [event["payload"] for event in events_of(database, user.id)][3:]
    assert [event["seq"] for event in log] == [*range(4, 11)]
    told = [event | {"action": event["action"].removeprefix("task_")} for event in log]
    assert [(event["action"], event["id"]) for event in told] == [
        ("update", one["id"]), ("update", two["id"]), ("create", found[2]["id"]),
        ("update", one["id"]), ("update", two["id"]), ("delete", two["id"]),
        ("delete", three["id"]),
    ]  # fmt: skip


@pytest.mark.parametrize("count", [1, 100])
def test_least_and_most(user: User, database: Database, count: int) -> None:
    found = results(user, *(create(str(number)) for number in range(count)))
    titles = [str(number) for number in range(count)]
    assert [task["title"] for task in found] == titles
    listed = succeed(user.get("tasks/", params={"page_size": 100, "ordering": "date_created"}))
    assert [task["title"] for task in listed["results"]] == titles
    log = events_of(database, user.id)
    assert [event["seq"] for event in log] == [*range(1, count + 1)]
    assert [event["payload"]["title"] for event in log] == titles


def test_count_grows_by_what_is_left(user: User) -> None:
    def count() -> int:
        body = succeed(user.get("tasks/"))
        assert body["count"] == len(body["results"])
        return int(body["count"])

    first, second = results(user, create("1"), create("2"))
    assert count() == 2
    results(user, create("3"), delete(first["id"]), create("4"), update(second["id"], title="5"))
    assert count() == 3
    results(user, delete(second["id"]))
    assert count() == 2
    user.bulk(create("never"), delete(UNKNOWN))
    assert count() == 2


def test_changes_of_nothing_are_no_events(user: User, database: Database) -> None:
    task = user.create_task("One")
    with nothing_changes(database):
        assert results(user, update(task["id"]), update(task["id"], title="One")) == [task, task]
    results(user, update(task["id"]), create("Two"), update(task["id"], title=" One "))
    assert [event["seq"] for event in events_of(database, user.id)] == [1, 2]
    user.create_task("Three")
    assert [event["seq"] for event in events_of(database, user.id)] == [1, 2, 3]


def test_unknown_id_is_named_and_nothing_stays(api: Api, user: User, database: Database) -> None:
    mine, gone = user.create_task("Mine"), user.create_task("Gone")
    user.delete(f"tasks/{gone['id']}/")
    theirs = api.register().create_task("Theirs")
    before = [create("Never"), update(mine["id"], title="Never"), create("Never either")]
    with nothing_changes(database):
        for task_id in (UNKNOWN, gone["id"], theirs["id"]):
            for operation in (update(task_id, title="x"), update(task_id), delete(task_id)):
                reply = user.bulk(*before, operation, create("Nor this"))
                problem = assert_problem(reply, 404, "not_found")
                assert problem["errors"].keys() == {"operations.3.id"}
        twice = user.bulk(delete(mine["id"]), delete(mine["id"]))
        assert assert_problem(twice, 404, "not_found")["errors"].keys() == {"operations.1.id"}
        late = user.bulk(delete(mine["id"]), update(mine["id"], title="Back"))
        assert assert_problem(late, 404, "not_found")["errors"].keys() == {"operations.1.id"}


def test_sequence_has_no_gap_after_a_failure(user: User, database: Database) -> None:
    user.create_task("One")
    assert user.bulk(*[create("Never")] * 50, delete(UNKNOWN)).status == 404
    user.create_task("Two")
    assert [event["seq"] for event in events_of(database, user.id)] == [1, 2]


def test_id_of_a_created_task_cannot_be_chosen(user: User) -> None:
    (task,) = results(user, {"action": "create", "task": {"title": "One", "id": UNKNOWN}})
    assert task["id"] != UNKNOWN
    reply = user.bulk(create("One"), update(UNKNOWN, title="Two"))
    assert assert_problem(reply, 404, "not_found")["errors"].keys() == {"operations.1.id"}


FAULTS: list[tuple[Any, str]] = [
    (create(""), "task.title"),
    (create("x" * 101), "task.title"),
    ({"action": "create", "task": {}}, "task.title"),
    (create(status_task="x"), "task.status_task"),
    (create(typo=1), "task.typo"),
    (update(UNKNOWN, title=None), "task.title"),
    (update(UNKNOWN, description="a\0b"), "task.description"),
    (update(UNKNOWN, due_date="2030-01-01"), "task.due_date"),
    (update("1", title="x"), "id"),
    (delete("1"), "id"),
    ({"action": "delete", "id": None}, "id"),
    ({"action": "delete", "id": 1}, "id"),
    ({"action": "delete"}, "id"),
    ({"action": "update", "task": {}}, "id"),
    ({"action": "update", "id": UNKNOWN}, "task"),
    ({"action": "create"}, "task"),
    ({"action": "create", "task": None}, "task"),
    ({"action": "create", "task": []}, "task"),
    ({"action": "create", "task": "x"}, "task"),
    (create() | {"id": UNKNOWN}, "id"),
    (delete(UNKNOWN) | {"task": {}}, "task"),
    (create() | {"typo": 1}, "typo"),
    ({"action": "replace", "id": UNKNOWN}, "action"),
    ({"action": None}, "action"),
    ({"action": ["create"], "task": {"title": "x"}}, "action"),
    ({}, "action"),
]


def test_faults_are_named_by_index(user: User, database: Database) -> None:
    with nothing_changes(database):
        for operation, field in FAULTS:
            problem = assert_problem(
                user.bulk(create(), create(), operation, create()), 422, "validation_failed"
            )
            assert problem["errors"].keys() == {f"operations.2.{field}"}, operation
        for operation in (None, 1, "create", [], [create()]):
            problem = assert_problem(user.bulk(create(), operation), 422, "validation_failed")
            assert problem["errors"].keys() == {"operations.1"}, operation


def test_all_faults_are_told_at_once(user: User) -> None:
    operations = (create(""), create(), create("x" * 101, priority="x"))
    problem = assert_problem(user.bulk(*operations), 422, "validation_failed")
    expected = {"operations.0.task.title", "operations.2.task.title", "operations.2.task.priority"}
    assert problem["errors"].keys() == expected


BODIES: list[tuple[Any, str]] = [
    ({}, "operations"),
    ({"operations": []}, "operations"),
    ({"operations": [create()] * 101}, "operations"),
    ({"operations": None}, "operations"),
    ({"operations": {"0": create()}}, "operations"),
    ({"operations": [create()], "typo": 1}, "typo"),
    ([create()], "body"),
]


def test_other_bodies(user: User, database: Database) -> None:
    with nothing_changes(database):
        for body, field in BODIES:
            problem = assert_problem(user.post("tasks/bulk/", body), 422, "validation_failed")
            assert problem["errors"].keys() == {field}, field


def test_client_of_the_original_erases_nothing(user: User) -> None:
    task = user.create_task("One", priority="HIGH", due_date=FUTURE)
    known = ("id", "title", "description", "status_task", "date_created", "last_updated")
    sent = {name: task[name] for name in known} | {"status_task": "DONE"}
    (changed,) = results(user, update(task["id"], **sent))
    assert changed == task | {"status_task": "DONE", "last_updated": changed["last_updated"]}


def test_search_and_history_know_of_it(user: User) -> None:
    task, _ = results(user, create("Water"), create("Feed"))
    results(user, update(task["id"], title="Feed too"))
    assert succeed(user.get("tasks/", params={"search": "feed"}))["count"] == 2
    history = succeed(user.get(f"tasks/{task['id']}/history/"))["results"]
    assert [(event["seq"], event["title"]) for event in history] == [(1, "Water"), (3, "Feed too")]
    assert user.get(f"tasks/{task['id']}/").headers["ETag"] == '"3"'
