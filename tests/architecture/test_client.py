"""The client of the tests and its asserts, on a real application and a real server."""

import pytest

from tests.support.api import PASSWORD, Api, User, succeed, through_http
from tests.support.asserts import assert_no_events, assert_problem, events_of
from tests.support.databases import Database
from tests.support.server import Server


def test_a_user_creates_a_task(user: User, api: Api, database: Database) -> None:
    task = user.create_task("One", status_task="DONE")
    (event,) = events_of(database, user.id)
    assert (event["seq"], event["action"], event["task_id"]) == (1, "task_create", task["id"])
    assert event["payload"]["title"] == "One"
    again = api.login(user.username, PASSWORD)
    assert succeed(again.get("tasks/", params={"page_size": 5}))["count"] == 1


def test_nobody_is_refused(api: Api, database: Database) -> None:
    assert_problem(api.post("tasks/", {"title": "One"}), 401, "not_authenticated")
    assert_no_events(database)


def test_another_shape_is_noticed(api: Api) -> None:
    reply = api.get("tasks/")
    with pytest.raises(AssertionError, match="'not_authenticated' != 'token_expired'"):
        assert_problem(reply, 401, "token_expired")
    with pytest.raises(AssertionError):
        assert_problem(api.get("/livez"), 401, "not_authenticated")


def test_a_real_server_serves_the_same(module_server: Server) -> None:
    api = Api(through_http(module_server.url))
    user = api.register()
    task = user.create_task("One")
    assert succeed(user.get(f"tasks/{task['id']}/")) == task
    assert_problem(api.get("tasks/"), 401, "not_authenticated")
