"""TASKS_PER_USER: how many tasks one user may have, however they come."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask

from tests.support.api import Api, User, succeed, through_client
from tests.support.asserts import assert_problem, events_of
from tests.support.databases import Database
from tests.support.racing import twin
from tests.support.tables import nothing_changes

QUOTA = 3
CREATE = {"action": "create", "task": {"title": "One more"}}


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Flask:
    """An application with a small quota."""
    return make_app(TASKS_PER_USER=QUOTA)


def test_one_more_is_refused_and_written_nowhere(api: Api, user: User, database: Database) -> None:
    first, *_ = [user.create_task() for _ in range(QUOTA)]
    with nothing_changes(database):
        for reply in (user.post("tasks/", {"title": "One more"}), user.bulk(CREATE)):
            problem = assert_problem(reply, 422, "quota_exceeded")
            assert problem["detail"] == "One user may have 3 tasks at most."
    assert len(events_of(database, user.id)) == QUOTA
    succeed(user.patch(f"tasks/{first['id']}/", {"title": "Still mine"}))
    api.register().create_task()


def test_room_is_made_by_deleting(user: User) -> None:
    first, *_ = [user.create_task() for _ in range(QUOTA)]
    delete = {"action": "delete", "id": first["id"]}
    assert_problem(user.bulk(CREATE, CREATE, delete), 422, "quota_exceeded")
    succeed(user.bulk(CREATE, delete))
    assert succeed(user.get("tasks/"))["count"] == QUOTA
    succeed(user.delete(f"tasks/{user.get('tasks/').json['results'][0]['id']}/"))
    user.create_task()


def test_the_first_reply_is_given_again(user: User) -> None:
    def create() -> Any:
        return user.post("tasks/", {"title": "Last"}, headers={"Idempotency-Key": "k"})

    user.create_task()
    user.create_task()
    assert succeed(create(), 201) == succeed(create(), 201)


def test_many_at_the_same_moment_are_no_more(app: Flask, user: User) -> None:
    def create(_: int) -> int:
        return twin(user, Api(through_client(app.test_client()))).post(
            "tasks/", {"title": "At once"}
        ).status  # fmt: skip

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(create, range(8))) == [201] * QUOTA + [422] * (8 - QUOTA)
