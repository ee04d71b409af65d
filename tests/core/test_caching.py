"""What may be kept: one's own data by one's own browser, a token or a refusal by nobody."""

from collections.abc import Callable
from itertools import product

from flask import Flask

from taskmaster.site import assets
from tests.support.api import PASSWORD, Api, Reply, User, through_client
from tests.support.asserts import assert_problem
from tests.support.databases import ON_SQLITE

PAGE = "https://pages.example"
OWN = ["tasks/", "tasks/?cursor=", "tasks/{id}/", "tasks/{id}/history/", "tasks/events/",
       "auth/profile/", "auth/sessions/"]  # fmt: skip


def varies_by(reply: Reply) -> set[str]:
    """Return the fields that a reply names in its one `Vary`."""
    (value,) = reply.headers.getlist("Vary")
    return set(value.split(", "))


def test_own_data_is_kept_by_the_browser_and_revalidated(user: User) -> None:
    task = user.create_task()["id"]
    for path in OWN:
        reply = user.get(path.format(id=task))
        assert reply.status == 200, path
        assert reply.headers["Cache-Control"] == "private, no-cache", path
        assert varies_by(reply) == {"Authorization", "Accept-Encoding"}, path


def test_with_other_origins_it_varies_by_origin_too(make_app: Callable[..., Flask]) -> None:
    user = Api(through_client(make_app(CORS_ORIGINS=PAGE).test_client())).register()
    expected = {"Authorization", "Accept-Encoding", "Origin"}
    for headers in ({}, {"Origin": PAGE}, {"Origin": "https://evil.example"}):
        assert varies_by(user.get("tasks/", headers=headers)) == expected


def test_304_says_what_200_said(user: User) -> None:
    path = f"tasks/{user.create_task()['id']}/"
    first = user.get(path)
    again = user.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert again.status == 304
    for name in ("Cache-Control", "ETag", "Vary"):
        assert again.headers[name] == first.headers[name]


OVERFLOWING = "Mon, 99999999999999999999 Jan 2020 00:00:00 GMT"
IGNORED: list[dict[str, str]] = [
    {"If-Modified-Since": OVERFLOWING},
    {"If-Modified-Since": "Fri, 31 Dec 9999 23:59:59 GMT"},
    {"If-Unmodified-Since": OVERFLOWING},
    {"Range": "bytes=0-1", "If-Range": OVERFLOWING},
    {"Range": "bytes=0-1"},
    {"Range": "bytes=999999999-"},
    {"Range": "bytes=abc"},
    {"If-Match": '"x"'},
]


PAGES = ["/", "/docs", "/openapi.json", "/client/taskmaster.js",
         f"/static/{assets.version()}/site.css", "tasks/"]  # fmt: skip


@ON_SQLITE
def test_conditions_that_no_page_knows_are_ignored(user: User) -> None:
    for path in PAGES:
        whole = user.get(path)
        for headers in IGNORED:
            reply = user.get(path, headers=headers)
            assert (reply.status, reply.body) == (200, whole.body), (path, headers)


def test_what_holds_tokens_is_not_kept(user: User) -> None:
    credentials = {"username": user.username, "password": PASSWORD}
    account = {"username": "somebody_else", "email": "else@example.com", "password": PASSWORD}
    for reply in (
        user.post("auth/register/", account),
        user.post("auth/login/", credentials),
        user.post("auth/token/refresh/", {"refresh": user.refresh}),
    ):
        assert reply.status in (200, 201)
        assert reply.headers["Cache-Control"] == "no-store"


def test_refusals_are_not_kept(user: User) -> None:
    path = f"tasks/{user.create_task()['id']}/"
    refusals = [
        (user.get("tasks/?page=9"), 404, "not_found"),
        (user.get("tasks/?typo=1"), 422, "validation_failed"),
        (user.get(path, headers={"Authorization": ""}), 401, "not_authenticated"),
        (user.patch(path, {}, headers={"If-Match": '"0"'}), 412, "precondition_failed"),
    ]
    for reply, status, code in refusals:
        assert_problem(reply, status, code)
        assert reply.headers["Cache-Control"] == "no-store"


LONG = [
    ("Accept", 'a/b;c="' + " " * 8100 + 'd"'),
    ("Accept-Encoding", "a;q=0.5," * 1000),
    ("If-None-Match", " ," * 5000),
]


@ON_SQLITE
def test_a_header_that_takes_long_to_read_is_refused(api: Api) -> None:
    for path, (name, value) in product(["/nothing", "tasks/", "/livez", "/docs/errors"], LONG):
        problem = assert_problem(api.get(path, headers={name: value}), 400, "malformed_request")
        assert problem["detail"].startswith(f"{name} has more than "), path


@ON_SQLITE
def test_cookies_that_take_long_to_read_are_refused(app: Flask) -> None:
    client = app.test_client()
    for name in ("a", "b", "c"):
        client.set_cookie(name, "x" * 3000)
    reply = client.get("/admin/login/")
    assert (reply.status_code, reply.json["code"]) == (400, "malformed_request")
    assert reply.json["detail"] == "Cookie has more than 8,190 characters."
