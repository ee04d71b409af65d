"""Methods that no URL serves: refused before anything else, and counted under no name of theirs."""

from collections.abc import Callable

from flask import Flask

from taskmaster.core.http import METHODS
from tests.support.api import Api, User, through_client
from tests.support.asserts import assert_no_events, assert_problem
from tests.support.databases import ON_SQLITE, Database
from tests.support.tables import nothing_changes

pytestmark = ON_SQLITE


def test_unserved_method_is_told_those_allowed(user: User, database: Database) -> None:
    for path, allowed in {
        "tasks/": {"GET", "POST", "HEAD", "OPTIONS"},
        "/socket.io/": {"GET", "POST", "HEAD", "OPTIONS"},
        "/nowhere": set(METHODS),
    }.items():
        for method in ("TRACE", "CONNECT", "PROPFIND", "BREW", "X" * 8000):
            reply = user.call(method, path)
            assert_problem(reply, 405, "method_not_allowed")
            assert set(reply.headers["Allow"].split(", ")) == allowed, (method, path)
            assert len(reply.body) < 300  # it is not sent back
    assert_no_events(database)


def test_method_in_small_letters_is_another(app: Flask, user: User, database: Database) -> None:
    """Methods are case-sensitive (RFC 9110, 9.1)."""
    path = f"/api/v1/tasks/{user.create_task()['id']}/"
    with nothing_changes(database):
        for method in ("delete", "Delete", "get"):
            sent = {"REQUEST_METHOD": method}  # the test client itself sends capitals
            reply = app.test_client().open(path, headers=user.headers, environ_overrides=sent)
            assert reply.status_code == 405
            assert set(reply.headers["Allow"].split(", ")) == {
                "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "PUT",
            }  # fmt: skip


def test_every_url_serves_only_these(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        assert rule.methods
        assert rule.methods <= set(METHODS), rule


def test_it_is_refused_before_the_host_and_the_guard_against_floods(
    make_app: Callable[..., Flask],
) -> None:
    app = make_app(RATELIMIT_ENABLED="true", RATELIMIT_FLOOD="2 per minute")
    api = Api(through_client(app.test_client()))
    for _ in range(3):
        reply = api.call("BREW", "tasks/", headers={"Host": "evil.example"})
        assert_problem(reply, 405, "method_not_allowed")
    assert_problem(api.get("/nowhere"), 404, "not_found")


def test_made_up_methods_do_not_make_the_metrics_grow(api: Api) -> None:
    api.call("BREW0", "/nowhere")
    before = api.get("/metrics").body
    for number in range(1, 20):
        api.call(f"BREW{number}", "/nowhere")
    after = api.get("/metrics").body
    assert b"BREW" not in after
    assert b'method="other",route="none",status="405"' in after
    assert after.count(b"\n") <= before.count(b"\n") + 40  # /metrics itself, asked once
