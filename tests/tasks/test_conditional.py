"""ETag, If-None-Match and If-Match on one task (RFC 9110, section 13)."""

from itertools import product

import pytest

from tests.support.api import Api, User, succeed
from tests.support.asserts import assert_problem, events_of
from tests.support.databases import Database
from tests.support.tables import nothing_changes
from tests.support.values import UNKNOWN


def test_every_reply_with_a_task_has_its_tag(user: User) -> None:
    created = user.post("tasks/", {"title": "One"})
    path = f"tasks/{created.json['id']}/"
    tag = created.headers["ETag"]
    assert tag.startswith('"')
    assert user.get(path).headers["ETag"] == tag
    changed = user.patch(path, {"title": "Two"}).headers["ETag"]
    assert changed != tag
    assert user.patch(path, {"title": "Two"}).headers["ETag"] == changed
    assert user.put(path, {}).headers["ETag"] == changed
    assert user.get(path).headers["ETag"] == changed
    assert user.put(path, {"title": "One"}).headers["ETag"] not in (tag, changed)


def variants(tag: str) -> list[str]:
    """Return how a client may write a list with this tag in it."""
    return [tag, f'"0", {tag}', f'{tag},"x"', f'W/"9" , {tag}', f'"a,b", {tag}', "*"]


def test_if_none_match_holds(user: User) -> None:
    created = user.post("tasks/", {"title": "One"})
    path, tag = f"tasks/{created.json['id']}/", created.headers["ETag"]
    for value in [*variants(tag), f"W/{tag}", f'"0", W/{tag}']:
        reply = user.get(path, headers={"If-None-Match": value})
        assert (reply.status, reply.body) == (304, b""), value
        assert reply.headers["ETag"] == tag
        assert reply.headers["X-Request-ID"]


def test_if_none_match_does_not_hold(user: User) -> None:
    task = user.create_task()
    path = f"tasks/{task['id']}/"
    for value in ("", '"0"', 'W/"2"', "garbage", '"', '""', ",,", '"1', "\x7f", "é", '"*"'):
        reply = user.get(path, headers={"If-None-Match": value})
        assert succeed(reply) == task, value
    user.delete(path)
    assert_problem(user.get(path, headers={"If-None-Match": "*"}), 404, "not_found")


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_if_match_holds(user: User, method: str) -> None:
    for number in range(len(variants(""))):
        created = user.post("tasks/", {"title": "One"})
        path, tag = f"tasks/{created.json['id']}/", created.headers["ETag"]
        body = None if method == "DELETE" else {"title": "Two"}
        value = variants(tag)[number]
        assert user.call(method, path, body, headers={"If-Match": value}).status == 200, value


REFUSED = ("", '"0"', '"2"', 'W/"1"', 'W/"1", "2"', "garbage", '"', '""', ",,", "é", '"*"', '"01"')


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_if_match_does_not_hold(user: User, database: Database, method: str) -> None:
    created = user.post("tasks/", {"title": "One"})
    path, tag = f"tasks/{created.json['id']}/", created.headers["ETag"]
    assert tag == '"1"'
    body = None if method == "DELETE" else {"title": "Two"}
    with nothing_changes(database):
        for value in REFUSED:
            reply = user.call(method, path, body, headers={"If-Match": value})
            assert_problem(reply, 412, "precondition_failed")
            assert reply.headers["ETag"] == tag, value
    assert len(events_of(database, user.id)) == 1


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_if_none_match_forbids_a_change(user: User, database: Database, method: str) -> None:
    created = user.post("tasks/", {"title": "One"})
    path, tag = f"tasks/{created.json['id']}/", created.headers["ETag"]
    body = None if method == "DELETE" else {"title": "Two"}
    with nothing_changes(database):
        for value in [*variants(tag), f"W/{tag}", f'"0", W/{tag}']:
            reply = user.call(method, path, body, headers={"If-None-Match": value})
            assert_problem(reply, 412, "precondition_failed")
            assert reply.headers["ETag"] == tag, value
        both = {"If-Match": tag, "If-None-Match": "*"}
        assert_problem(user.call(method, path, body, headers=both), 412, "precondition_failed")
    assert len(events_of(database, user.id)) == 1


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_if_none_match_of_other_versions_lets_a_change_through(user: User, method: str) -> None:
    body = None if method == "DELETE" else {"title": "Two"}
    for value in ("", '"0"', 'W/"2"', '"0", "2"', "garbage", '"*"', ",,"):
        path = f"tasks/{user.create_task()['id']}/"
        reply = user.call(method, path, body, headers={"If-None-Match": value})
        assert reply.status == 200, value


def test_preconditions_mean_nothing_where_a_task_is_made(user: User) -> None:
    for headers in ({"If-None-Match": "*"}, {"If-None-Match": '"1"'}, {"If-Match": '"0"'}):
        assert user.post("tasks/", {"title": "One"}, headers=headers).status == 201


def test_old_version_is_refused_and_the_new_one_is_told(user: User) -> None:
    created = user.post("tasks/", {"title": "One"})
    path, old = f"tasks/{created.json['id']}/", created.headers["ETag"]
    user.patch(path, {"title": "Two"})
    refused = user.patch(path, {"status_task": "DONE"}, headers={"If-Match": old})
    assert_problem(refused, 412, "precondition_failed")
    new = refused.headers["ETag"]
    task = succeed(user.patch(path, {"status_task": "DONE"}, headers={"If-Match": new}))
    assert (task["title"], task["status_task"]) == ("Two", "DONE")


def test_a_change_of_nothing_is_checked_too(user: User) -> None:
    path = f"tasks/{user.create_task('One')['id']}/"
    reply = user.patch(path, {"title": "One"}, headers={"If-Match": '"0"'})
    assert_problem(reply, 412, "precondition_failed")


def test_bad_fields_are_told_before_a_bad_version(user: User) -> None:
    path = f"tasks/{user.create_task('One')['id']}/"
    reply = user.patch(path, {"title": ""}, headers={"If-Match": '"0"'})
    assert_problem(reply, 422, "validation_failed")


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_what_does_not_exist_matches_nothing(api: Api, user: User, method: str) -> None:
    theirs = api.register().create_task()["id"]
    body = None if method == "DELETE" else {"title": "Two"}
    for task_id in (theirs, UNKNOWN):
        for name, value in product(("If-Match", "If-None-Match"), ("*", '"1"')):
            reply = user.call(method, f"tasks/{task_id}/", body, headers={name: value})
            assert_problem(reply, 404, "not_found")
            assert "ETag" not in reply.headers
