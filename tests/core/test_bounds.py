"""What one request may cost: lengths come before contents, and what is sent back is short."""

import gc
from typing import Any

from flask import Flask
from marshmallow import ValidationError

from tests.support.api import Api, Reply, User
from tests.support.asserts import assert_no_events, assert_problem
from tests.support.databases import ON_SQLITE, Database

pytestmark = ON_SQLITE
MORE = "There are more than these 20 errors."
UNKNOWN = ["Unknown field."]


def errors(reply: Reply) -> dict[str, list[str]]:
    """Return the errors of a refusal that is short, whatever was sent."""
    assert len(reply.body) < 4000
    problem = assert_problem(reply, 422, "validation_failed")
    assert sum(map(len, problem["errors"].values())) <= 21
    found: dict[str, list[str]] = problem["errors"]
    return found


def test_of_many_unknown_fields_some_are_named(api: Api, database: Database) -> None:
    reply = api.post("auth/login/", {f"f{number}": 1 for number in range(60_000)})
    found = errors(reply)
    assert found.pop("body") == [MORE]
    assert found.pop("password") == ["Missing data for required field."]
    assert len(found) == 19
    assert found.keys() <= {f"f{number}" for number in range(21)}
    assert_no_events(database)


def test_all_are_named_where_they_are_few(api: Api) -> None:
    sent = {"password": "x"} | {f"f{number}": 1 for number in range(20)}
    assert errors(api.post("auth/login/", sent)) == {f"f{n}": UNKNOWN for n in range(20)}
    assert errors(api.post("auth/login/", sent | {"f20": 1}))["body"] == [MORE]


def test_a_field_is_named_whatever_it_is_called(user: User, database: Database) -> None:
    task = {"title": "One", "description": "", "_schema": 1}
    for sent in (task, task | {"title": None}):
        assert errors(user.post("tasks/", sent))["_schema"] == UNKNOWN
    operation = {"action": "create", "task": task}
    assert errors(user.bulk(operation)) == {"operations.0.task._schema": UNKNOWN}
    assert errors(user.post("tasks/", [])) == {"body": ["Invalid input type."]}
    assert_no_events(database)


def test_many_parameters_are_fields_too(user: User) -> None:
    found = errors(user.get("tasks/", params={f"f{number}": 1 for number in range(500)}))
    assert found.pop("body") == [MORE]
    assert len(found) == 20
    assert found.keys() <= {f"f{number}" for number in range(21)}


def test_names_are_cut(api: Api) -> None:
    found = errors(api.post("auth/login/", {"x" * 100_000: 1, "\ud800" * 10_000: 1}))
    assert found.keys() >= {"x" * 100, "\ufffd" * 100}


def test_known_fields_are_taken_from_among_unknown_ones(user: User, database: Database) -> None:
    sent: dict[str, Any] = {f"f{number}": 1 for number in range(1000)}
    found = errors(user.post("tasks/", sent | {"title": "", "id": "any", "status_task": "x"}))
    assert found["title"] == ["Length must be between 1 and 100."]
    assert "id" not in found
    assert_no_events(database)


def test_length_of_a_bulk_comes_before_what_is_in_it(user: User, database: Database) -> None:
    items: list[Any] = [{}, [], {"action": "create", "task": {"x": 1}}]
    for item in items:
        reply = user.bulk(*[item] * 101)
        assert errors(reply) == {"operations": ["Length must be between 1 and 100."]}, item
    assert_no_events(database)


def test_errors_of_a_bulk_are_counted_together(user: User, database: Database) -> None:
    task = {f"f{number}": 1 for number in range(50)}
    found = errors(user.bulk({"action": "create", "task": task}))
    assert found["operations.0.task.title"] == ["Missing data for required field."]
    reply = user.bulk(*[{}] * 100)
    found = errors(reply)
    assert found.pop("body") == [MORE]
    assert list(found) == [f"operations.{number}.action" for number in range(20)]
    assert_no_events(database)


def test_length_of_a_text_comes_before_its_form(user: User) -> None:
    for name in ("first_name", "username", "email"):
        found = errors(user.patch("auth/profile/", {name: "a@" + "a." * 5000}))
        assert found == {name: ["Longer than maximum length 10000."]}


def test_what_is_refused_is_freed_at_once(user: User) -> None:
    """An error and the frame that raised it would hold each other, and so the request."""
    gc.collect()
    gc.disable()
    try:
        errors(user.bulk(*[{"action": "create", "task": {}}] * 100))
        assert not [one for one in gc.get_objects() if type(one) is ValidationError]
    finally:
        gc.enable()


def test_garbage_is_not_looked_for_while_a_body_is_read(app: Flask) -> None:
    """With 340,000 lists it would be looked for 500 times, and 20 times in most of them."""
    collections: list[str] = []
    gc.callbacks.append(lambda phase, _info: collections.append(phase))
    try:
        body = app.json.loads(b"[" + b"[]," * 50_000 + b"[]]")
    finally:
        gc.callbacks.pop()
    assert len(body) == 50_001
    assert collections.count("start") <= 1
    assert gc.isenabled()
