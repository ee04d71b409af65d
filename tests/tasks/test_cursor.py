"""Lists by cursor: the envelope, where it ends, and what is no cursor."""

from base64 import urlsafe_b64encode
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
import pytest

from tests.support.api import Api, User, succeed
from tests.support.asserts import assert_problem
from tests.support.values import ORDERINGS, UNKNOWN

HOST = "http://localhost"
NOW = "2030-01-31T12:00:00+00:00"


def walk(user: User, **params: Any) -> list[dict[str, Any]]:
    """Return the parts of a list by cursor, from its start to its end."""
    parts = [succeed(user.get("tasks/", params={"cursor": "", **params}))]
    while following := parts[-1]["next"]:
        parts.append(succeed(user.get(following.removeprefix(HOST))))
    return parts


def encode(*content: Any) -> str:
    return urlsafe_b64encode(orjson.dumps(content)).decode().rstrip("=")


def test_empty_list_ends_at_once(user: User) -> None:
    empty = {"count": None, "previous": None, "next": None, "results": []}
    assert walk(user) == [empty]


def test_parts_are_full_until_the_last(api: Api) -> None:
    for count, parts in {3: [3], 4: [4], 5: [4, 1], 8: [4, 4]}.items():
        user = api.register()
        made = [user.create_task(str(number)) for number in range(count)]
        found = walk(user, page_size=4)
        assert [len(part["results"]) for part in found] == parts
        assert [task for part in found for task in part["results"]] == made[::-1]
        assert all(part["count"] is part["previous"] is None for part in found)


def test_next_is_absolute_and_keeps_the_other_parameters(user: User) -> None:
    for number in range(3):
        user.create_task(f"a & b {number}")
    params = {"page_size": "1", "search": "a & b", "status_task": ["TO DO", "DONE"]}
    first = succeed(user.get("tasks/", params={"cursor": "", **params}))
    assert first["next"].startswith(f"{HOST}/api/v1/tasks/?")
    query = parse_qs(urlsplit(first["next"]).query)
    (cursor,) = query.pop("cursor")
    assert cursor
    assert query == {"page_size": ["1"], "search": ["a & b"], "status_task": ["TO DO", "DONE"]}


def test_goes_on_after_a_task_that_is_gone(user: User) -> None:
    tasks = [user.create_task(str(number)) for number in range(6)][::-1]
    first = succeed(user.get("tasks/", params={"cursor": "", "page_size": 2}))
    for gone in tasks[1:3]:
        user.delete(f"tasks/{gone['id']}/")
    user.create_task("new ones come before")
    rest = succeed(user.get(first["next"].removeprefix(HOST)))
    assert rest["results"] == tasks[3:5]


def test_has_a_stream_position(user: User) -> None:
    user.create_task()
    assert user.get("tasks/", params={"cursor": ""}).headers["Stream-Position"] == "1"


NO_CURSORS = [
    "x", "!", "e30", "W10", "é", "AAAA", "\ufffd", "=", "null", "x" * 5000,
    encode(), encode(1), encode(1, 2, 3, 4), encode(NOW, UNKNOWN),
]  # fmt: skip
IDS = (5, None, "x")
TIMES = ({}, 1.5, 0, "", "x", 1, True, "0001-01-01T00:00:00+23:59")
VALUES = {  # by ordering: what is no value of it
    "date_created": [*TIMES, None],
    "last_updated": [*TIMES, None],
    "due_date": TIMES,
    "title": [{}, 1.5, None, 0, "a\0b"],
    "priority": [{}, 1.5, None, "", "low", 0, 2**64 - 1, True],
}


def test_what_is_no_cursor_of_this_list(user: User, subtests: pytest.Subtests) -> None:
    user.create_task()
    for name in ORDERINGS:
        surrogate = f'["{name}", "\\ud800", "{UNKNOWN}"]'.encode()
        cursors = [*NO_CURSORS, urlsafe_b64encode(surrogate).decode()]
        cursors += [encode(name, NOW, bad) for bad in IDS]
        cursors += [encode(name, bad, UNKNOWN) for bad in VALUES[name]]
        with subtests.test(name):
            for cursor in cursors:
                reply = user.get("tasks/", params={"ordering": name, "cursor": cursor})
                problem = assert_problem(reply, 422, "validation_failed")
                assert problem["errors"].keys() == {"cursor"}, cursor


def test_cursor_of_another_ordering_is_none_of_this_list(user: User) -> None:
    for number in range(3):
        user.create_task(str(number))
    parameters = {"ordering": "last_updated", "page_size": 1, "cursor": ""}
    following = succeed(user.get("tasks/", params=parameters))["next"].removeprefix(HOST)
    assert "ordering=last_updated" in following
    for other in ("due_date", "-date_created", "date_created", "title"):
        reply = user.get(following.replace("ordering=last_updated", f"ordering={other}"))
        assert_problem(reply, 422, "validation_failed")


def test_cursor_of_another_user_shows_nothing_of_theirs(user: User) -> None:
    for number in range(3):
        user.create_task(str(number))
    first = succeed(user.get("tasks/", params={"cursor": "", "page_size": 1}))
    other = user.register()
    reply = succeed(other.get(first["next"].removeprefix(HOST)))
    assert reply["results"] == []
