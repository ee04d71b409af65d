"""Idempotency-Key on POST tasks/: a repetition is answered, not carried out again."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import time_machine
from flask import Flask

from tests.support.api import Api, Reply, User, succeed, through_client
from tests.support.asserts import assert_no_events, assert_problem, events_of
from tests.support.databases import Database
from tests.support.racing import twin
from tests.support.tables import contents, nothing_changes
from tests.support.values import START

DAY = timedelta(hours=24)


def post(user: User, key: str, body: Any = None, **options: Any) -> Reply:
    body = {"title": "One"} if body is None else body
    if isinstance(body, bytes):
        options["data"], body = body, None
    headers = {"Idempotency-Key": key, "Content-Type": "application/json"}
    return user.post("tasks/", body, headers=headers, **options)


def prune(app: Flask) -> str:
    """Run `flask prune` and return what it printed."""
    result = app.test_cli_runner().invoke(args=["prune"], catch_exceptions=False)
    assert result.exit_code == 0
    return result.output


def assert_one(database: Database, user: User) -> None:
    """Assert that there is one task, and one event of it."""
    assert len(contents(database)["tasks"]) == 1
    assert [event["action"] for event in events_of(database, user.id)] == ["task_create"]


def assert_same(first: Reply, again: Reply) -> None:
    assert (again.status, again.body) == (first.status, first.body)
    for name in ("ETag", "Location", "Content-Type"):
        assert again.headers[name] == first.headers[name]


def test_repetition_gets_the_first_reply(user: User, database: Database) -> None:
    first = post(user, "k")
    assert first.status == 201
    with nothing_changes(database):
        for _ in range(3):
            assert_same(first, post(user, "k"))
    assert_one(database, user)


def test_first_reply_outlives_the_task(user: User, database: Database) -> None:
    first = post(user, "k")
    path = f"tasks/{first.json['id']}/"
    user.patch(path, {"title": "Two"})
    assert_same(first, post(user, "k"))
    user.delete(path)
    assert_same(first, post(user, "k"))
    assert_problem(user.get(path), 404, "not_found")
    assert len(events_of(database, user.id)) == 3


def test_without_a_key_every_request_counts(user: User) -> None:
    assert user.create_task()["id"] != user.create_task()["id"]
    assert post(user, "k").json["id"] != post(user, "K").json["id"]


def test_quoted_or_not_is_the_same_key(user: User, database: Database) -> None:
    first = post(user, '"k"')
    assert_same(first, post(user, "k"))
    assert_one(database, user)


KEYS = ["x", "x" * 255, "a b", "é", "%00", "a,b", '"', "a'b\\", "k;v=1"]


def test_any_key_will_do(user: User, database: Database) -> None:
    for key in KEYS:
        assert_same(post(user, key), post(user, f'"{key}"'))
    assert len(contents(database)["tasks"]) == len(events_of(database, user.id)) == len(KEYS)


def test_refused_keys(user: User, database: Database) -> None:
    with nothing_changes(database):
        for key in ("", '""', "x" * 256, '"' + "x" * 256 + '"', "x" * 5000):
            problem = assert_problem(post(user, key), 422, "validation_failed")
            assert problem["errors"].keys() == {"Idempotency-Key"}, key
    assert_no_events(database)


def test_longest_key_may_be_quoted_too(user: User) -> None:
    assert_same(post(user, '"' + "x" * 255 + '"'), post(user, "x" * 255))


def test_keys_are_each_users_own(api: Api, user: User) -> None:
    other = api.register()
    first, second = post(user, "k"), post(other, "k", {"title": "Another body"})
    assert (first.status, second.status) == (201, 201)
    assert first.json["id"] != second.json["id"]
    assert_same(first, post(user, "k"))
    assert_same(second, post(other, "k", {"title": "Another body"}))


BODIES: list[tuple[bytes, bytes]] = [
    (b'{"title":"One","priority":"LOW"}', b'{ "priority" : "LOW",\n\t"title" : "One" }'),
    (b'{"title":"One"}', b'{"title":"\\u004fne"}'),
    ('{"title":"é"}'.encode(), b'{"title":"\\u00e9"}'),
    (b'{"title":"One","id":[1, 2]}', b'{"id":[1,2],"title":"One"}'),
    (b'{"title":"One","id":{"a":1,"b":2}}', b'{"title":"One","id":{"b":2,"a":1}}'),
]


def test_same_json_written_in_another_way(user: User) -> None:
    for number, (one, other) in enumerate(BODIES):
        first = post(user, str(number), one)
        assert first.status == 201
        assert_same(first, post(user, str(number), other))


OTHERS: list[dict[str, Any]] = [
    {"title": "Two"},
    {"title": "One "},
    {"title": "One", "priority": "MEDIUM"},
    {"title": "One", "description": ""},
    {"title": "One", "id": None},
]


def test_another_body_is_refused(user: User, database: Database) -> None:
    first = post(user, "k", {"title": "One"})
    with nothing_changes(database):
        for body in OTHERS:
            assert_problem(post(user, "k", body), 422, "idempotency_mismatch")
    assert_same(first, post(user, "k", {"title": "One"}))
    assert_one(database, user)


def test_refused_request_leaves_its_key_free(user: User, database: Database) -> None:
    with nothing_changes(database):
        assert_problem(post(user, "k", {"title": ""}), 422, "validation_failed")
    assert post(user, "k", {"title": "One"}).status == 201
    assert_one(database, user)


ODD = [
    b'{"title":"One","id":"\\ud800"}',
    b'{"title":"One","id":' + b"[" * 300 + b"]" * 300 + b"}",
    b'{"title":"One","id":' + b'{"a":' * 500 + b"1" + b"}" * 500 + b"}",
    b'{"title":"One","id":' + b"9" * 400 + b"}",
    b'{"title":"One","id":-0.0}',
    b'{"title":"One","title":"One"}',
]


def test_odd_content_of_ignored_fields_is_no_fault(user: User) -> None:
    for number, body in enumerate(ODD):
        plain = user.post("tasks/", data=body, headers={"Content-Type": "application/json"})
        first = post(user, str(number), body)
        assert (plain.status, first.status) == (201, 201), body[:40]
        assert_same(first, post(user, str(number), body))


def test_kept_for_24_hours(clock: time_machine.Traveller, user: User, database: Database) -> None:
    first = post(user, "k")
    clock.move_to(START + DAY - timedelta(seconds=1))
    assert_same(first, post(user, "k"))
    clock.move_to(START + DAY)
    second = post(user, "k", {"title": "Another body is fine now"})
    assert second.status == 201
    assert second.json["id"] != first.json["id"]
    assert_same(second, post(user, "k", {"title": "Another body is fine now"}))
    assert len(events_of(database, user.id)) == 2


def test_prune_deletes_what_is_no_longer_kept(
    clock: time_machine.Traveller, user: User, app: Flask, database: Database
) -> None:
    post(user, "old")
    clock.shift(3600)
    young = post(user, "young")
    clock.move_to(START + DAY + timedelta(seconds=1))
    assert "idempotency_keys: 1" in prune(app)
    assert_same(young, post(user, "young"))
    clock.shift(DAY)
    assert "idempotency_keys: 1" in prune(app)
    assert contents(database)["idempotency_keys"] == []


def test_many_at_once_make_one_task(
    make_app: Callable[..., Flask], user: User, database: Database
) -> None:
    app = make_app()

    def attempt(_: int) -> Reply:
        return post(twin(user, Api(through_client(app.test_client()))), "k")

    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(attempt, range(24)))
    assert {(reply.status, reply.body) for reply in replies} == {(201, replies[0].body)}
    assert_one(database, user)


def test_stored_reply_is_what_was_sent(user: User, database: Database) -> None:
    first = post(user, "k", {"title": "One", "due_date": "2030-01-01T00:00:00Z"})
    (row,) = contents(database)["idempotency_keys"]
    assert any(isinstance(v, str) and v[:1] == "{" and json.loads(v) == first.json for v in row)
    assert succeed(user.get(f"tasks/{first.json['id']}/")) == first.json
