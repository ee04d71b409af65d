"""Pages of other origins: what CORS_ORIGINS names may read every answer, refusals too."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from tests.support.api import Api, Reply, User, through_client
from tests.support.asserts import assert_problem
from tests.support.databases import ON_SQLITE, Database
from tests.support.tables import nothing_changes
from tests.support.values import UNKNOWN

pytestmark = ON_SQLITE

Make = Callable[..., Flask]
PAGE, OTHER_PAGE = "https://pages.example", "https://more.example"
PATHS = ["tasks/", f"tasks/{UNKNOWN}/", "tasks/not-an-id/", "tasks/stream/", "/nowhere", "/%",
         "/socket.io/", "/ws/tasks", "auth/login"]  # fmt: skip


def broken() -> None:
    raise KeyError("nothing")


def unavailable() -> None:
    raise OperationalError("SELECT 1", {}, ConnectionError())


@pytest.fixture
def app(make_app: Make) -> Flask:
    """As users get it (in tests Flask would let errors through), with two origins let in."""
    app = make_app(ENVIRONMENT="development", CORS_ORIGINS=f"{PAGE},{OTHER_PAGE}")
    app.add_url_rule("/broken", view_func=broken)
    app.add_url_rule("/unavailable", view_func=unavailable)
    return app


def preflight(api: Api, path: str, method: str = "PATCH", origin: str = PAGE) -> Reply:
    """Ask as a browser does before a page may send a token or change something."""
    asked = {"Origin": origin, "Access-Control-Request-Method": method,
             "Access-Control-Request-Headers": "authorization,if-match"}  # fmt: skip
    return api.call("OPTIONS", path, headers=asked)


def test_every_preflight_is_answered_alike(api: Api, subtests: pytest.Subtests) -> None:
    for path in PATHS:
        with subtests.test(path):
            reply = preflight(api, path)
            assert (reply.status, reply.body) == (200, b"")
            assert reply.headers.getlist("Access-Control-Allow-Origin") == [PAGE]
            methods = set(reply.headers["Access-Control-Allow-Methods"].split(", "))
            assert {"GET", "POST", "PUT", "PATCH", "DELETE"} <= methods
            assert reply.headers["Access-Control-Allow-Headers"] == "authorization, if-match"
            assert reply.headers["Access-Control-Max-Age"] == "600"
            assert "Origin" in reply.headers["Vary"]
            assert reply.headers["X-Request-ID"]


def test_a_preflight_of_a_strange_origin_allows_nothing(api: Api) -> None:
    for path in PATHS:
        reply = preflight(api, path, origin="https://evil.example")
        assert not [name for name, _ in reply.headers if name.startswith("Access-Control-")], path
        assert "Origin" in reply.headers["Vary"], path


def test_a_preflight_that_takes_long_to_read_is_refused(api: Api) -> None:
    asked = {"Origin": PAGE, "Access-Control-Request-Method": "PATCH",
             "Access-Control-Request-Headers": "a," * 4000}  # fmt: skip
    for path in (*PATHS, "/client/taskmaster.js"):
        reply = api.call("OPTIONS", path, headers=asked)
        problem = assert_problem(reply, 400, "malformed_request")
        assert problem["detail"] == "Access-Control-Request-Headers has more than 1,024 characters."
        assert "Access-Control-Allow-Headers" not in reply.headers, path


def test_what_is_no_preflight_is_routed(api: Api) -> None:
    assert_problem(api.call("OPTIONS", "/nowhere"), 404, "not_found")
    assert_problem(api.call("OPTIONS", "/nowhere", headers={"Origin": PAGE}), 404, "not_found")
    asked = {"Access-Control-Request-Method": "GET"}
    assert_problem(api.call("OPTIONS", "/nowhere", headers=asked), 404, "not_found")
    assert "PATCH" in api.call("OPTIONS", f"tasks/{UNKNOWN}/").headers["Allow"]


def assert_readable(reply: Reply) -> None:
    """Assert that a page of PAGE may read the answer and its headers."""
    assert reply.headers.getlist("Access-Control-Allow-Origin") == [PAGE]
    exposed = set(reply.headers["Access-Control-Expose-Headers"].split(", "))
    assert {"ETag", "Location", "Retry-After", "Stream-Position", "X-Request-ID"} <= exposed
    assert "Origin" in reply.headers["Vary"]


REFUSALS: list[tuple[str, str, bytes | None, dict[str, str], int, str]] = [
    ("POST", "tasks/", b"{", {}, 400, "malformed_request"),
    ("GET", "tasks/", None, {"Host": "evil.example"}, 400, "untrusted_host"),
    ("GET", "tasks/", None, {"Authorization": ""}, 401, "not_authenticated"),
    ("GET", "tasks/", None, {"Authorization": "Bearer x"}, 401, "invalid_token"),
    ("GET", "/socket.io/", None, {}, 400, "malformed_request"),
    ("GET", "/nowhere", None, {}, 404, "not_found"),
    ("DELETE", "tasks/not-an-id/", None, {}, 404, "not_found"),
    ("PATCH", f"tasks/{UNKNOWN}/", b"{}", {}, 404, "not_found"),
    ("DELETE", "tasks/", None, {}, 405, "method_not_allowed"),
    ("FOO", "tasks/", None, {}, 405, "method_not_allowed"),
    ("POST", "tasks/", b"x" * 1024 * 1025, {}, 413, "too_large"),
    ("POST", "tasks/", b"{}", {"Content-Type": "text/plain"}, 415, "unsupported_media_type"),
    ("POST", "tasks/", b"{}", {}, 422, "validation_failed"),
    ("GET", "/broken", None, {}, 500, "internal_error"),
    ("GET", "/unavailable", None, {}, 503, "unavailable"),
]


def test_refusals_can_be_read(user: User, database: Database, subtests: pytest.Subtests) -> None:
    with nothing_changes(database):
        for method, path, body, headers, status, code in REFUSALS:
            sent = {"Content-Type": "application/json", "Origin": PAGE, **headers}
            with subtests.test(f"{method} {path} {code}"):
                reply = user.call(method, path, data=body, headers=sent)
                assert_problem(reply, status, code)
                assert_readable(reply)


def test_too_many_requests_can_be_read_after_their_preflight(make_app: Make) -> None:
    flood = {"RATELIMIT_ENABLED": "true", "RATELIMIT_FLOOD": "2 per minute"}
    api = Api(through_client(make_app(CORS_ORIGINS=PAGE, **flood).test_client()))
    for status in (200, 200, 429):
        assert preflight(api, "/openapi.json", "GET").status == 200
        reply = api.get("/openapi.json", headers={"Origin": PAGE})
        assert reply.status == status
        assert_readable(reply)


def test_what_is_the_same_for_no_origin_says_that_it_would_not_be_for_another(api: Api) -> None:
    reply = api.get("/livez")
    assert "Access-Control-Allow-Origin" not in reply.headers
    assert "Origin" in reply.headers["Vary"]


def test_any_origin_is_let_in_by_a_star(make_app: Make) -> None:
    api = Api(through_client(make_app(CORS_ORIGINS="*").test_client()))
    assert preflight(api, "/nowhere").headers["Access-Control-Allow-Origin"] == PAGE
    reply = api.get("/nowhere", headers={"Origin": OTHER_PAGE})
    assert_problem(reply, 404, "not_found")
    assert reply.headers["Access-Control-Allow-Origin"] == OTHER_PAGE


STRANGERS = ["https://pages.example.attacker.example", "https://pagesXexample",
             "http://pages.example", "https://pages.example:8443", "null",
             "http://localhost.attacker.example"]  # fmt: skip


def test_origins_are_compared_whole(api: Api) -> None:
    for origin in STRANGERS:
        reply = api.get("/livez", headers={"Origin": origin})
        assert "Access-Control-Allow-Origin" not in reply.headers, origin


def test_strange_origins_open_no_stream(user: User, database: Database) -> None:
    with nothing_changes(database):
        for origin in STRANGERS:
            reply = user.get("tasks/stream/", headers={"Origin": origin})
            assert_problem(reply, 403, "forbidden")


LOOPBACK = ["http://localhost:5173", "http://127.0.0.1", "https://[::1]:3000"]


@pytest.mark.parametrize(("environment", "allowed"), [("development", True), ("testing", False)])
def test_pages_of_this_machine_are_let_in_in_development(
    make_app: Make, environment: str, allowed: bool
) -> None:
    user = Api(through_client(make_app(ENVIRONMENT=environment).test_client())).register()
    for origin in LOOPBACK:
        # The position is looked at after the origin.
        reply = user.get("tasks/stream/", headers={"Origin": origin, "Last-Event-ID": "none"})
        assert reply.status == (422 if allowed else 403), origin
        assert (reply.headers.get("Access-Control-Allow-Origin") == origin) is allowed


def test_without_origins_a_preflight_is_any_request(make_app: Make) -> None:
    api = Api(through_client(make_app().test_client()))
    assert_problem(preflight(api, "/nowhere"), 404, "not_found")
    assert "Vary" not in api.get("/livez").headers
