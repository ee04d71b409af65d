"""GET tasks/: each filter, each ordering, and all of them together."""

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from taskmaster.core.pagination import PageQuerySchema
from taskmaster.site.assets import STATIC
from taskmaster.tasks.filters import TaskQuerySchema
from tests.support.api import Api, User, succeed
from tests.support.asserts import assert_problem

HOST = "http://localhost"


def found(user: User, **params: Any) -> list[str]:
    """Return the titles of a list, in its order."""
    reply = succeed(user.get("tasks/", params={"page_size": 100, **params}))
    assert reply["count"] == len(reply["results"])
    return [task["title"] for task in reply["results"]]


def day(number: int) -> str:
    return f"2030-01-{number:02}T00:00:00Z"


@pytest.fixture
def filled(api: Api, user: User) -> User:
    """Somebody with four tasks, beside somebody else."""
    api.register().create_task("theirs", status_task="DONE", due_date=day(2), priority="HIGH")
    user.create_task("b", status_task="DONE", due_date=day(3), priority="LOW")
    user.create_task("A", status_task="TO DO", due_date=day(1), priority="HIGH")
    user.create_task("a", status_task="IN PROGRESS", priority="MEDIUM")
    user.create_task("é", status_task="TO DO", due_date=day(2), priority="MEDIUM")
    return user


FILTERS: list[tuple[dict[str, Any], str]] = [
    ({}, "éaAb"),
    ({"status_task": "TO DO"}, "éA"),
    ({"status_task": ["TO DO"]}, "éA"),
    ({"status_task": ["TO DO", "DONE"]}, "éAb"),
    ({"status_task": ["DONE", "TO DO", "IN PROGRESS"]}, "éaAb"),
    ({"status_task": ["DONE", "DONE"]}, "b"),
    ({"due_before": day(2)}, "A"),
    ({"due_before": "2030-01-02T00:00:00.000001Z"}, "éA"),
    ({"due_before": "2030-01-02t00:00:00.000001z"}, "éA"),
    ({"due_before": "9999-12-31T23:59:59.999999Z"}, "éAb"),
    ({"due_before": "0001-01-01T00:00:00Z"}, ""),
    ({"due_after": day(2)}, "b"),
    ({"due_after": "2030-01-02T00:00:00+00:01"}, "éb"),
    ({"due_after": "0001-01-01T00:00:00Z"}, "éAb"),
    ({"due_after": "9999-12-31T23:59:59.999998Z"}, ""),
    ({"due_after": day(1), "due_before": day(3)}, "é"),
    ({"due_after": day(3), "due_before": day(1)}, ""),
    ({"created_after": "2000-01-01T00:00:00Z"}, "éaAb"),
    ({"created_after": "9000-01-01T00:00:00Z"}, ""),
    ({"updated_after": "2000-01-01T00:00:00Z"}, "éaAb"),
    ({"updated_after": "9000-01-01T00:00:00Z"}, ""),
    ({"status_task": "TO DO", "due_after": day(1)}, "é"),
    ({"status_task": "TO DO", "search": "a"}, "A"),
    ({"search": "a", "due_before": day(9)}, "A"),
]


def test_filters(filled: User) -> None:
    for params, titles in FILTERS:
        assert found(filled, **params) == list(titles), params


ORDERINGS = {"date_created": "bAaé", "last_updated": "bAaé", "due_date": "Aéba", "title": "Aabé"}


def test_orderings_and_their_reverse(filled: User) -> None:
    for name, titles in ORDERINGS.items():
        assert found(filled, ordering=name) == list(titles), name
        assert found(filled, ordering=f"-{name}") == list(titles)[::-1], name


def test_ordering_by_priority_goes_by_rank(filled: User) -> None:
    assert found(filled, ordering="priority") in (["b", "a", "é", "A"], ["b", "é", "a", "A"])
    assert found(filled, ordering="-priority") == found(filled, ordering="priority")[::-1]


def test_last_updated_moves_with_changes(filled: User) -> None:
    first = succeed(filled.get("tasks/", params={"ordering": "last_updated"}))["results"][0]
    moment = first["last_updated"]
    changed = succeed(filled.patch(f"tasks/{first['id']}/", {"title": "z"}))
    assert found(filled, ordering="-last_updated") == ["z", "é", "a", "A"]
    assert found(filled, updated_after=moment) == ["é", "a", "A", "z"]
    assert found(filled, updated_after=changed["last_updated"]) == []
    assert found(filled, created_after=moment) == ["é", "a", "A"]


def test_filtered_pages_count_what_they_list(user: User) -> None:
    for number in range(9):
        user.create_task(str(number), status_task=("DONE", "TO DO")[number % 2])
    params = {"status_task": "DONE", "page_size": 2}
    bodies = [succeed(user.get("tasks/", params={**params, "page": n})) for n in (1, 2, 3)]
    assert [body["count"] for body in bodies] == [5, 5, 5]
    assert [task["title"] for body in bodies for task in body["results"]] == list("86420")
    past = user.get("tasks/", params={**params, "page": 4})
    assert_problem(past, 404, "not_found")
    none = user.get("tasks/", params={"status_task": "IN PROGRESS", "page": 2})
    assert_problem(none, 404, "not_found")


def test_links_are_absolute_and_keep_every_parameter(filled: User) -> None:
    params = {
        "page": "2",
        "page_size": "1",
        "status_task": ["TO DO", "DONE", "IN PROGRESS"],
        "due_before": "2031-01-01T00:00:00+00:00",
        "due_after": "2029-01-01T02:00:00+02:00",
        "created_after": "2000-01-01T00:00:00Z",
        "updated_after": "2000-01-01T00:00:00Z",
        "ordering": "-title",
    }
    body = succeed(filled.get("tasks/", params=params))
    assert [task["title"] for task in body["results"]] == ["b"]
    for name, page in (("previous", "1"), ("next", "3")):
        assert body[name].startswith(f"{HOST}/api/v1/tasks/?")
        expected = {key: [value] if isinstance(value, str) else value
                    for key, value in params.items()}  # fmt: skip
        assert parse_qs(urlsplit(body[name]).query) == expected | {"page": [page]}
        assert succeed(filled.get(body[name].removeprefix(HOST)))["count"] == 3


def test_links_follow_the_host_that_was_asked(filled: User) -> None:
    reply = succeed(
        filled.get("tasks/", params={"page_size": 1}, headers={"Host": "127.0.0.1:8123"})
    )
    assert reply["next"].startswith("http://127.0.0.1:8123/api/v1/tasks/?")


TIMES = ("due_before", "due_after", "created_after", "updated_after")
BAD_TIMES = (
    "", "now", "2030-01-01", "2030-01-01T00:00:00", "2030-02-30T00:00:00Z", "0", "1e9",
    "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-00:01", "2030-01-01T00:00:00 00:00",
)  # fmt: skip
REFUSED = [
    *((name, bad) for name in TIMES for bad in BAD_TIMES),
    *(("status_task", bad) for bad in ("", "done", "TODO", "TO DO,DONE", ["TO DO", "x"])),
    *(("ordering", bad) for bad in ("", "-", "id", "--title", "+title", "Title", "title,priority",
                                    "user_id", "status_task", "title desc", "description")),
    *((typo, "x") for typo in ("status", "q", "sort", "order_by", "due", "priority", "offset",
                               "Search", "search[]", "title", "user_id")),
]  # fmt: skip


def test_bad_and_unknown_parameters_are_named(user: User) -> None:
    user.create_task()
    for name, bad in REFUSED:
        problem = assert_problem(user.get("tasks/", params={name: bad}), 422, "validation_failed")
        assert {key.partition(".")[0] for key in problem["errors"]} == {name}, (name, bad)


def test_all_faults_are_told_at_once(user: User) -> None:
    params = {"page": "0", "ordering": "x", "due_after": "x", "typo": "1"}
    problem = assert_problem(user.get("tasks/", params=params), 422, "validation_failed")
    assert problem["errors"].keys() == params.keys()


def test_titles_are_in_order_without_case_and_accents(user: User) -> None:
    titles = ["Zebra", "éclair", "apple", "Eclipse", "ÉCHO", "Łódź", "lod", "Ärger", "-", "日本"]
    for title in titles:
        user.create_task(title)
    expected = ["-", "apple", "Ärger", "ÉCHO", "éclair", "Eclipse", "lod", "Łódź", "Zebra", "日本"]
    assert found(user, ordering="title") == expected
    assert found(user, ordering="-title") == expected[::-1]
    seen = []
    body = succeed(user.get("tasks/", params={"ordering": "title", "cursor": "", "page_size": 1}))
    while body["next"]:
        seen += [task["title"] for task in body["results"]]
        body = succeed(user.get(body["next"].removeprefix(HOST)))
    assert seen == expected[:-1]


def test_renamed_task_moves(user: User) -> None:
    first, _ = user.create_task("Apple"), user.create_task("ärger")
    user.patch(f"tasks/{first['id']}/", {"title": "Zoo"})
    assert found(user, ordering="title") == ["ärger", "Zoo"]


def test_created_after_is_exact_to_the_microsecond(user: User) -> None:
    operation = {"action": "create", "task": {"title": "x"}}
    reply = user.bulk(*[operation] * 30)
    moments = sorted(task["date_created"] for task in succeed(reply)["results"])
    for number, moment in enumerate(moments):
        later = [other for other in moments[number:] if other > moment]
        assert len(found(user, created_after=moment)) == len(later)


def keys_after(name: str, beginning: str) -> set[str]:
    """Return the names in the braces that follow, one a line, of a file of the client."""
    text = (STATIC / "client" / name).read_text()
    body = text.partition(beginning)[2].partition("\n}")[0]
    return set(re.findall(r"^  (\w+)\??:", body, re.MULTILINE))


def test_every_filter_is_tried_and_known_to_the_client() -> None:
    """A live list applies them by itself: with one that it does not know, it shows too much."""
    others = PageQuerySchema().fields.keys() | {"cursor", "ordering", "search"}
    filters = TaskQuerySchema().fields.keys() - others
    assert {name for params, _ in FILTERS for name in params} - {"search"} == filters
    assert keys_after("query.js", "const CONDITIONS = {") == filters
    typed = keys_after("taskmaster.d.ts", "export interface Filter {")
    assert typed == filters | {"ordering", "search"}
