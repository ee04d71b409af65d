"""GET tasks/ by page: the original's envelope, newest first."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from taskmaster.tasks import queries
from tests.support.api import Api, User, succeed
from tests.support.asserts import assert_problem


def page(user: User, **params: Any) -> dict[str, Any]:
    body: dict[str, Any] = succeed(user.get("tasks/", params=params))
    return body


def test_no_task(user: User) -> None:
    assert page(user) == {"count": 0, "previous": None, "next": None, "results": []}


def test_newest_first_and_only_ones_own(api: Api, user: User) -> None:
    first, second = user.create_task("1"), user.create_task("2")
    api.register().create_task("theirs")
    assert page(user) == {
        "count": 2, "previous": None, "next": None, "results": [second, first],
    }  # fmt: skip


def test_pages_lead_to_each_other(user: User) -> None:
    titles = [user.create_task(str(number))["title"] for number in range(25)]
    assert len(page(user)["results"]) == 10
    seen: list[str] = []
    body = page(user, page_size=7)
    while True:
        assert body["count"] == 25
        seen += [task["title"] for task in body["results"]]
        if body["next"] is None:
            break
        assert body["next"].startswith("http://localhost/api/v1/tasks/?")
        following = succeed(user.get(body["next"].removeprefix("http://localhost")))
        assert succeed(user.get(following["previous"].removeprefix("http://localhost"))) == body
        body = following
    assert seen == titles[::-1]


def test_links_keep_the_other_parameters(user: User) -> None:
    for number in range(5):
        user.create_task(str(number))
    body = page(user, page=2, page_size=2)
    for name, number in (("previous", "1"), ("next", "3")):
        assert parse_qs(urlsplit(body[name]).query) == {"page": [number], "page_size": ["2"]}


def test_count_follows_what_is_created_and_deleted(user: User) -> None:
    tasks = [user.create_task(str(number)) for number in range(3)]
    user.delete(f"tasks/{tasks[1]['id']}/")
    user.delete(f"tasks/{tasks[1]['id']}/")  # 404, counts nothing
    user.post("tasks/", {"title": ""})
    assert page(user)["count"] == len(page(user)["results"]) == 2


def test_page_past_the_last(user: User) -> None:
    for title in ("1", "2", "3"):
        user.create_task(title)
    for number, size in [(2, 10), (3, 2), (10**30, 1), (2**63, 100)]:
        reply = user.get("tasks/", params={"page": number, "page_size": size})
        assert_problem(reply, 404, "not_found")


REFUSED = [
    *((name, bad) for name in ("page", "page_size")
      for bad in ("0", "-1", "1.0", "x", "", " 1", "+1", "1_0", "٣", "0x1", "1e1")),
    ("page_size", "101"),
    ("page_size", str(10**30)),
    ("pagesize", "1"),
    ("page\0", "1"),
]  # fmt: skip


def test_bad_and_unknown_parameters_are_named(user: User) -> None:
    for name, bad in REFUSED:
        reply = user.get("tasks/", params={name: bad})
        problem = assert_problem(reply, 422, "validation_failed")
        assert problem["errors"].keys() == {name.replace("\0", "\ufffd")}, (name, bad)


def test_what_has_one_value_is_given_once(user: User) -> None:
    for query in ("page=1&page=abc", "page=1&page=1", "ordering=title&ordering=bogus", "x=1&x=2"):
        problem = assert_problem(user.get(f"tasks/?{query}"), 422, "validation_failed")
        assert problem["errors"].keys() == {query.partition("=")[0]}
    succeed(user.get("tasks/?status_task=DONE&status_task=TO%20DO&page=1"))


def test_stream_position_is_that_of_the_log(user: User) -> None:
    def position() -> str:
        return user.get("tasks/").headers["Stream-Position"]

    assert position() == "0"
    task = user.create_task()
    user.patch(f"tasks/{task['id']}/", {"title": "Two"})
    assert position() == "2"
    user.patch(f"tasks/{task['id']}/", {"title": "Two"})
    user.patch(f"tasks/{task['id']}/", {"title": ""})
    assert position() == "2"
    user.delete(f"tasks/{task['id']}/")
    assert position() == "3"


@pytest.mark.parametrize("query", ["", "?cursor="])
def test_what_is_written_amid_the_reading_is_listed_or_comes_after_the_position(
    user: User, monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    read = queries._fetch
    user.create_task("first")
    with ThreadPoolExecutor(1) as elsewhere:

        def write_around(*args: Any, **options: Any) -> Any:
            elsewhere.submit(user.create_task, "before").result(10)
            found = read(*args, **options)
            elsewhere.submit(user.create_task, "after").result(10)
            return found

        monkeypatch.setattr(queries, "_fetch", write_around)
        reply = user.get(f"tasks/{query}")
    listed = {task["title"] for task in succeed(reply)["results"]}
    since = reply.headers["Stream-Position"]
    streamed = succeed(user.get(f"tasks/events/?since={since}"))["results"]
    assert listed | {event["title"] for event in streamed} == {
        "first", "before", "after",
    }  # fmt: skip
