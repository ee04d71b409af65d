"""Compression: what is compressed, what is not, and what it does to entity tags."""

import gzip
from collections.abc import Callable
from typing import Any

import pytest
import requests
from flask import Flask

from taskmaster.core import compression
from taskmaster.core.concurrency import SLOW_WORK
from taskmaster.site import assets
from tests.support.api import PASSWORD, Api, Reply, User, succeed, through_client, through_http
from tests.support.asserts import assert_problem, events_of
from tests.support.databases import ON_SQLITE, Database
from tests.support.server import Server
from tests.support.stage import MODES
from tests.support.tables import nothing_changes

GZIP = {"Accept-Encoding": "br, gzip, deflate"}
LONG = "Water the plants. " * 200
SITE_CSS = f"/static/{assets.version()}/site.css"


def fill(user: User) -> dict[str, Any]:
    """Give somebody a long task, a long history, a long name and many sessions."""
    task = user.create_task(description=LONG)
    user.patch(f"tasks/{task['id']}/", {"description": LONG + "More."})
    user.patch("auth/profile/", {"first_name": "é" * 255, "last_name": "é" * 255})
    for _ in range(8):
        user.login(user.username)
    return task


def assert_same(compressed: Reply, plain: Reply) -> None:
    """Assert that two replies say the same, the first of them in fewer bytes."""
    assert compressed.status == plain.status
    assert compressed.headers["Content-Encoding"] == "gzip"
    assert int(compressed.headers["Content-Length"]) == len(compressed.body) < len(plain.body)
    assert gzip.decompress(compressed.body) == plain.body
    assert "Content-Encoding" not in plain.headers
    for reply in (compressed, plain):
        assert "Accept-Encoding" in reply.headers["Vary"].split(", ")
    assert compressed.headers.get("Content-Type") == plain.headers.get("Content-Type")


OWN = ["tasks/", "tasks/{id}/", "tasks/{id}/history/", "tasks/events/", "auth/profile/",
       "auth/sessions/"]  # fmt: skip
SHARED = ["/", "/docs", "/docs/streams", "/openapi.json", "/asyncapi.json", SITE_CSS]


def test_long_texts_are_compressed(user: User) -> None:
    task = fill(user)
    for path in [*OWN, *SHARED]:
        path = path.format(id=task["id"])
        assert_same(user.get(path, headers=GZIP), user.get(path))


def test_what_is_written_is_compressed_too(user: User) -> None:
    body = {"description": LONG}
    path = f"tasks/{user.create_task()['id']}/"
    assert_same(user.patch(path, body, headers=GZIP), user.patch(path, body))
    operation = {"action": "update", "id": user.create_task()["id"], "task": body}
    bulk = {"operations": [operation]}
    assert_same(user.post("tasks/bulk/", bulk, headers=GZIP), user.post("tasks/bulk/", bulk))


@ON_SQLITE
def test_measurements_are_compressed(api: Api) -> None:
    reply = api.get("/metrics", headers=GZIP)
    assert b"http_request_seconds" in gzip.decompress(reply.body)


def test_long_refusals_are_compressed(user: User) -> None:
    body = {f"a_long_name_of_a_field_that_nobody_knows_{number}": 1 for number in range(19)}
    reply = user.post("tasks/", body, headers=GZIP)
    assert (reply.status, reply.headers["Content-Encoding"]) == (422, "gzip")
    plain = Reply(422, reply.headers, gzip.decompress(reply.body))
    assert len(assert_problem(plain, 422, "validation_failed")["errors"]) == 20


@ON_SQLITE
def test_the_client_decides(api: Api) -> None:
    yes = ("gzip", "GZIP", "*", "gzip;q=0.1", "br, *;q=0.1", "gzip;q=0.5, identity;q=0.5",
           "identity;q=0, *")  # fmt: skip
    no = ("", "br", "gzip;q=0", "gzip;q=0, *", "gzip;q=x", "identity, gzip;q=0.5", "*;q=0", ",;=")
    for accepted in yes + no:
        reply = api.get("/openapi.json", headers={"Accept-Encoding": accepted})
        assert reply.status == 200, accepted
        assert ("Content-Encoding" in reply.headers) == (accepted in yes), accepted


def test_short_texts_are_sent_as_they_are(user: User) -> None:
    path = f"tasks/{user.create_task(description='x' * 300)['id']}/"
    reply = user.get(path, headers=GZIP)
    assert 500 < len(reply.body) <= 1024
    assert reply.json["description"] == "x" * 300
    assert "Content-Encoding" not in reply.headers


def test_nothing_with_a_token_is_compressed(user: User) -> None:
    fill(user)
    name = "another_" + "x" * 142
    fields = {"email": f"{name}@example.com", "first_name": "é" * 255, "last_name": "é" * 255}
    account = {"username": name, "password": PASSWORD, **fields}
    credentials = {"username": user.username, "password": PASSWORD}
    replies = [
        user.post("auth/register/", account, headers=GZIP),
        user.post("auth/login/", credentials, headers=GZIP),
        user.post("auth/token/refresh/", {"refresh": user.refresh}, headers=GZIP),
    ]
    assert [reply.status for reply in replies] == [201, 200, 200]
    assert max(len(reply.body) for reply in replies) > 1024
    for reply in replies:
        assert reply.headers["Cache-Control"] == "no-store"
        assert "Content-Encoding" not in reply.headers


@ON_SQLITE
def test_streams_are_not_compressed(server: Server) -> None:
    user = Api(through_http(server.url)).register()
    user.create_task(description=LONG)
    url, headers = f"{server.url}/api/v1/tasks/stream/?since=0", user.headers | GZIP
    with requests.get(url, headers=headers, stream=True, timeout=30) as stream:
        assert "Content-Encoding" not in stream.headers
        assert stream.headers["Cache-Control"] == "no-store"
        assert LONG.encode() in next(line for line in stream.iter_lines() if b"data:" in line)


def test_a_head_request_is_told_the_same(user: User) -> None:
    path = f"tasks/{user.create_task(description=LONG)['id']}/"
    for target in (path, "/openapi.json", SITE_CSS):
        told = user.call("HEAD", target, headers=GZIP)
        given = user.get(target, headers=GZIP)
        assert told.body == b""
        for name in ("Content-Encoding", "Content-Length", "ETag", "Vary"):
            assert told.headers[name] == given.headers[name], (target, name)


def long_task(user: User) -> tuple[str, str, str]:
    """Make a long task; return its path, its tag, and the tag of its compressed form."""
    path = f"tasks/{user.create_task(description=LONG)['id']}/"
    return path, user.get(path).headers["ETag"], user.get(path, headers=GZIP).headers["ETag"]


def test_other_bytes_have_another_strong_tag(user: User) -> None:
    _, plain, compressed = long_task(user)
    assert (plain, compressed) == ('"1"', '"1-gzip"')


def test_either_tag_gives_304(user: User) -> None:
    path, plain, compressed = long_task(user)
    for tag in (plain, compressed, f'"x", {compressed}', f"W/{compressed}"):
        reply = user.get(path, headers=GZIP | {"If-None-Match": tag})
        assert (reply.status, reply.body) == (304, b"")
        assert reply.headers["ETag"] in tag  # a cache finds what it holds by it
        assert "Content-Encoding" not in reply.headers
        assert reply.headers["Vary"] == user.get(path, headers=GZIP).headers["Vary"]
    for tag in ('"0-gzip"', '"11-gzip"', '"1-br"', "1-gzip", '"1-gzip-gzip"'):
        assert user.get(path, headers=GZIP | {"If-None-Match": tag}).status == 200, tag


def test_a_cache_with_the_compressed_form_gets_the_other_for_who_cannot_read_it(user: User) -> None:
    path, plain, compressed = long_task(user)
    reply = user.get(path, headers={"If-None-Match": compressed})
    assert (reply.status, reply.headers["ETag"]) == (200, plain)
    assert reply.json["description"] == LONG


@ON_SQLITE
def test_pages_and_files_give_304_too(api: Api) -> None:
    for path in SHARED:
        first = api.get(path, headers=GZIP)
        again = api.get(path, headers=GZIP | {"If-None-Match": first.headers["ETag"]})
        assert (again.status, again.body) == (304, b""), path
        for name in ("ETag", "Cache-Control", "Vary"):
            assert again.headers[name] == first.headers[name], path


@pytest.mark.parametrize("headers", [GZIP, {}])
@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_if_match_holds_with_the_tag_of_a_compressed_reply(
    user: User, database: Database, method: str, headers: dict[str, str]
) -> None:
    path, _, compressed = long_task(user)
    body = None if method == "DELETE" else {"title": "Two"}
    with nothing_changes(database):
        for tag in ('"0-gzip"', f"W/{compressed}"):
            refused = user.call(method, path, body, headers={**headers, "If-Match": tag})
            assert_problem(refused, 412, "precondition_failed")
        refused = user.call(method, path, body, headers={**headers, "If-None-Match": compressed})
        assert_problem(refused, 412, "precondition_failed")
    assert len(events_of(database, user.id)) == 1
    assert user.call(method, path, body, headers={**headers, "If-Match": compressed}).status == 200


@ON_SQLITE
def test_files_come_whole(api: Api) -> None:
    whole = api.get(SITE_CSS)
    assert "Accept-Ranges" not in whole.headers
    assert_same(api.get(SITE_CSS, headers=GZIP | {"Range": "bytes=100-2099"}), whole)


def test_where_too_many_wait_for_a_thread_it_goes_as_it_is(make_app: Callable[..., Flask]) -> None:
    app = make_app(HASHING_QUEUE=0)
    user = Api(through_client(app.test_client())).register()
    tasks = [{"action": "create", "task": {"title": "One", "description": "x" * 9000}}] * 60
    succeed(user.bulk(*tasks))
    whole = user.get("tasks/?page_size=100")
    assert len(whole.body) > compression.MAX_INLINE
    with app.app_context():
        line = SLOW_WORK.get()
    with line.turn(""), line.turn(""):
        reply = user.get("tasks/?page_size=100", headers=GZIP)
        assert (reply.status, reply.body) == (200, whole.body)
        assert "Content-Encoding" not in reply.headers
    assert_same(user.get("tasks/?page_size=100", headers=GZIP), whole)


@ON_SQLITE
def test_what_all_get_is_compressed_once(api: Api) -> None:
    compression._compress_once.cache_clear()
    for path in [*SHARED, *SHARED]:
        api.get(path, headers=GZIP)
    figures = compression._compress_once.cache_info()
    assert (figures.misses, figures.hits) == (len(SHARED), len(SHARED))
    assert figures.maxsize


def test_what_one_user_gets_is_not_kept(user: User) -> None:
    task = fill(user)
    compression._compress_once.cache_clear()
    for path in OWN:
        user.get(path.format(id=task["id"]), headers=GZIP)
    assert compression._compress_once.cache_info().currsize == 0


@ON_SQLITE
@pytest.mark.parametrize("mode", MODES)
def test_a_very_long_list_is_compressed_in_every_mode(
    start_server: Callable[..., Server], mode: str
) -> None:
    user = Api(through_http(start_server(ASYNC_MODE=mode).url)).register()
    tasks = [{"action": "create", "task": {"title": "One", "description": "x" * 9000}}] * 60
    assert user.bulk(*tasks).status == 200
    reply = user.get("tasks/?page_size=100")  # requests accepts gzip, and undoes it
    assert reply.headers["Content-Encoding"] == "gzip"
    assert len(reply.body) > compression.MAX_INLINE > int(reply.headers["Content-Length"])
    assert reply.json["count"] == 60
