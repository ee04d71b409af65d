"""create_app(), and what all URLs have in common."""

import json
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask, jsonify
from markupsafe import Markup

import config
from taskmaster import create_app
from taskmaster.accounts.tokens import DECODE
from taskmaster.streams.handshake import HUB
from tests.support.api import Api, User, succeed, through_client
from tests.support.asserts import assert_problem
from tests.support.databases import ON_SQLITE, Database, SQLiteTemplate, dispose_engines
from tests.support.settings import settings_for
from tests.support.tables import nothing_changes


def test_two_apps_in_one_process_are_independent(
    app: Flask, user: User, sqlite_template: SQLiteTemplate
) -> None:
    other_database = sqlite_template.create()
    changes: dict[str, Any] = {"SECRET_KEY": "x" * 40, "ACCESS_TOKEN_SECONDS": 60}
    other = create_app(config.load(settings_for(other_database.url, **changes)))
    there = Api(through_client(other.test_client()))
    assert_problem(there.get("tasks/", headers=user.headers), 401, "invalid_token")
    stranger = there.register(user.username)
    user.create_task("Here")
    assert succeed(stranger.get("tasks/"))["count"] == 0
    assert succeed(user.get("tasks/"))["count"] == 1
    assert HUB.get(app) is not HUB.get(other)
    assert DECODE.get(app) is not DECODE.get(other)
    with other.app_context():
        dispose_engines()


def test_slash_or_none_is_the_same_without_redirect(user: User) -> None:
    task = user.create_task()
    for path in ("tasks", "auth/profile", f"tasks/{task['id']}", "auth/sessions", "tasks/events"):
        assert succeed(user.get(path)) == succeed(user.get(path + "/"))
    assert user.post("tasks", {"title": "Two"}).status == 201


@ON_SQLITE
def test_slashes_at_the_beginning_count(app: Flask, user: User) -> None:
    for path in ["//metrics", "///livez", "//api/v1/tasks", "//socket.io/", "//"]:
        sent = {"PATH_INFO": path}  # the test client itself takes it for a host
        for accepted in ("application/json", "text/html"):
            headers = user.headers | {"Accept": accepted}
            reply = app.test_client().get("/?EIO=4", headers=headers, environ_overrides=sent)
            assert reply.status_code == 404, path
            assert (reply.json or {"code": "not_found"})["code"] == "not_found"


@ON_SQLITE
def test_jsonify_takes_what_flasks_own_does(app: Flask) -> None:
    with app.app_context():
        assert app.json.loads(app.json.dumps(["\ud800", 2**64])) == ["\ud800", 2**64]
        reply = jsonify({1: Decimal("1.50"), "markup": Markup("<b>")})
    assert reply.json == {"1": "1.50", "markup": "<b>"}
    with app.app_context(), pytest.raises(TypeError):
        jsonify(object())


@ON_SQLITE
def test_nothing_there(api: Api) -> None:
    for path in ["/nowhere", "/api/v1/", "/api/v2/tasks/", "/%"]:
        assert_problem(api.get(path), 404, "not_found")


METHODS = [
    ("DELETE", "tasks/", {"GET", "POST", "HEAD", "OPTIONS"}),
    ("GET", "auth/login/", {"POST", "OPTIONS"}),
    ("TRACE", "auth/profile/", {"GET", "PATCH", "HEAD", "OPTIONS"}),
    ("FOO", "/livez", {"GET", "HEAD", "OPTIONS"}),
]


@ON_SQLITE
def test_other_methods_are_told_those_allowed(user: User) -> None:
    for method, path, allowed in METHODS:
        for form in (path, path.removesuffix("/")):
            reply = user.call(method, form)
            assert_problem(reply, 405, "method_not_allowed")
            assert set(reply.headers["Allow"].split(", ")) == allowed, (method, form)


@ON_SQLITE
def test_no_url_has_other_methods_without_its_slash(app: Flask) -> None:
    rules = {rule.rule for rule in app.url_map.iter_rules()}
    ours = {rule for rule in rules if rule.startswith(("/api/", "/ws/"))}
    client = app.test_client()
    for rule in ours:
        path = re.sub(r"<.*?>", "018f0000-0000-7000-8000-000000000000", rule)
        with_slash, without = (
            {client.open(form, method=method).headers.get("Allow") for method in ("BREW", "TRACE")}
            for form in (path, path.removesuffix("/"))
        )
        assert with_slash == without != {None}, rule
        options = [client.options(form).headers["Allow"] for form in (path, path[:-1])]
        assert options[0] == options[1], rule
    assert len(ours) > 15


HOSTS = {
    "localhost": True, "localhost:8000": True, "127.0.0.1": True, "[::1]:80": True,
    "LOCALHOST": True, "[::1]": True, "[::1]:x": False, "[::2]": False,
    "evil.example": False, "localhost.evil.example": False, "": False,
    "localhost@evil.example": False, "127.0.0.1, evil.example": False,
}  # fmt: skip


@ON_SQLITE
def test_only_trusted_hosts_are_served(user: User, subtests: pytest.Subtests) -> None:
    for host, trusted in HOSTS.items():
        with subtests.test(host):
            reply = user.get("tasks/", headers={"Host": host})
            if trusted:
                succeed(reply)
            else:
                assert_problem(reply, 400, "untrusted_host")
            for path in ("/livez", "/readyz", "/metrics"):
                assert user.get(path, headers={"Host": host}).status == 200


def test_own_hosts_replace_those_of_development(make_app: Callable[..., Flask]) -> None:
    app = make_app(TRUSTED_HOSTS=".Example.org:80,api.test,[::1]:8000,xn--bcher-kva.example")
    api = Api(through_client(app.test_client()))
    for host, code in [
        ("a.example.org", 401), ("api.test:443", 401), ("[::1]:8000", 401), ("[::1]", 401),
        ("xn--bcher-kva.example", 401), ("localhost", 400), ("[::2]:8000", 400),
    ]:  # fmt: skip
        assert api.get("tasks/", headers={"Host": host}).status == code


@ON_SQLITE
def test_request_id_is_taken_over(api: Api) -> None:
    for sent in ("request-1234", "x" * 64):
        assert api.get("/livez", headers={"X-Request-ID": sent}).headers["X-Request-ID"] == sent


@ON_SQLITE
def test_request_id_is_made_where_the_sent_one_is_odd(api: Api) -> None:
    for sent in ["", "short", "x" * 65, "with space", "semi;colon", "é" * 10]:
        made = api.get("/livez", headers={"X-Request-ID": sent}).headers["X-Request-ID"]
        assert made not in ("", sent)


MIB = 1024 * 1024
BODIES: dict[str, tuple[bytes, str | None, int, str]] = {
    "too large": (b'{"title": "' + b"x" * MIB + b'"}', "application/json", 413, "too_large"),
    "not JSON": (b"{", "application/json", 400, "malformed_request"),
    "empty": (b"", "application/json", 400, "malformed_request"),
    "NaN": (b'{"title": NaN}', "application/json", 400, "malformed_request"),
    "bad UTF-8": (b'{"title": "\xff"}', "application/json", 400, "malformed_request"),
    "a bomb": (b"[" * 100_000, "application/json", 400, "malformed_request"),
    "an array": (b"[]", "application/json", 422, "validation_failed"),
    "null": (b"null", "application/json", 422, "validation_failed"),
    "no type": (b'{"title": "x"}', None, 415, "unsupported_media_type"),
    "a form": (b"title=x", "application/x-www-form-urlencoded", 415, "unsupported_media_type"),
    "a JSON Patch": (
        b'{"title": "x"}',
        "application/json-patch+json",
        415,
        "unsupported_media_type",
    ),
}


def test_bodies_that_are_none(user: User, database: Database, subtests: pytest.Subtests) -> None:
    task = user.create_task()
    calls = [("POST", "tasks/"), ("PATCH", f"tasks/{task['id']}/"), ("PATCH", "auth/profile/"),
             ("POST", "auth/login/"), ("POST", "tasks/bulk/")]  # fmt: skip
    for name, (body, kind, status, code) in BODIES.items():
        headers = {"Content-Type": kind} if kind else {}
        with subtests.test(name), nothing_changes(database):
            for method, path in calls:
                reply = user.call(method, path, data=body, headers=headers)
                assert_problem(reply, status, code)


def test_a_body_that_nobody_reads_is_bounded_too(user: User, database: Database) -> None:
    task = user.create_task()
    with nothing_changes(database):
        for method, path in (("DELETE", f"tasks/{task['id']}/"), ("POST", "auth/logout/")):
            reply = user.call(method, path, data=b"x" * (MIB + 1))
            assert_problem(reply, 413, "too_large")


def test_a_type_with_parameters_is_json(user: User) -> None:
    body = json.dumps({"title": "é"}, ensure_ascii=False).encode()
    for kind in ("application/json; charset=utf-8", "APPLICATION/JSON"):
        reply = user.post("tasks/", data=body, headers={"Content-Type": kind})
        assert succeed(reply, 201)["title"] == "é"
