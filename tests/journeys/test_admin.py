"""The admin pages in a real browser: who gets in, what a button does, how soon a page is here."""

import re
import statistics
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import update

from taskmaster.accounts.models import users
from taskmaster.core import clock
from tests.support.admin import enter, expect_log_in, find_user
from tests.support.api import Api, User, succeed, through_http
from tests.support.board import log_in
from tests.support.browser import serve_pages
from tests.support.databases import ON_SQLITE, Database
from tests.support.server import Server
from tests.support.stage import assert_closed
from tests.support.streams import TRANSPORTS
from tests.support.tables import make_superuser, nothing_changes

# What a page needs of the database is the same on both; SQLite has one writer.
pytestmark = ON_SQLITE
Open = Callable[..., Page]

CLOSED = 3  # seconds within which streams end, on every process: 2, and one for the click
ANSWERED = 1  # seconds within which a page is here
ROUNDS = 10
REFUSED = r"status of 40[13]"  # what Chromium says of a request that was refused


@pytest.fixture
def api(server: Server) -> Api:
    """Calls of nobody, to the server."""
    return Api(through_http(server.url))


@pytest.fixture
def superuser(api: Api, database: Database) -> User:
    return make_superuser(database, api.register("root_admin"))


@pytest.fixture
def admin(server: Server, superuser: User, open_page: Open) -> Page:
    """A window in which a superuser is logged in."""
    page = open_page(f"{server.url}/admin/", REFUSED)
    enter(page, superuser.username)
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    return page


@pytest.mark.alone
def test_who_is_deactivated_is_cut_off_on_every_process(
    admin: Page, server: Server, start_server: Callable[..., Server], user: User, open_page: Open
) -> None:
    other = start_server()  # without Redis: nobody tells it
    board = open_page(server.url, REFUSED)
    log_in(board, user.username)
    find_user(admin, user.username)
    with ExitStack() as stack:
        streams = [
            stack.enter_context(closing(kind(one.url, user.access)))
            for kind in TRANSPORTS.values()
            for one in (server, other)
        ]
        for stream in streams:
            stream.wait("stream_ready")
        begun = clock.monotonic()
        admin.get_by_role("button", name="Deactivate").click(no_wait_after=True)
        for stream in streams:
            stream.wait_for_end(CLOSED - (clock.monotonic() - begun))
            assert_closed(stream, "session_ended", 4401, reconnect=False)
    expect(board.get_by_role("alert")).to_contain_text("Your session has ended")
    expect(admin.get_by_role("status")).to_contain_text(f"{user.username} is deactivated.")
    expect(admin.get_by_role("button", name="Activate")).to_be_visible()
    assert user.get("auth/profile/").status == 401
    (line,) = [line for line in server.text().splitlines() if "user_deactivated" in line]
    assert "admin root_admin" in line
    assert user.id in line
    admin.get_by_role("button", name="Activate").click()
    log_in(board, user.username)


def test_one_who_is_no_superuser_is_told_so(server: Server, user: User, open_page: Open) -> None:
    page = open_page(f"{server.url}/admin/users/")
    enter(page, user.username)
    expect(page.get_by_role("status")).to_have_text("Only superusers may see these pages.")
    page.goto(f"{server.url}/admin/")
    expect_log_in(page)
    board = open_page(server.url)
    log_in(board, user.username)
    board.get_by_role("button", name="Your account").click()
    expect(board.get_by_role("link", name="Account")).to_be_visible()
    expect(board.get_by_role("link", name="Admin")).to_be_hidden()


@pytest.mark.parametrize("token", ["access", "refresh"])
def test_a_token_in_the_cookie_opens_nothing(
    server: Server, superuser: User, open_page: Open, token: str
) -> None:
    page = open_page(f"{server.url}/admin/")
    value = getattr(superuser, token)
    cookie = {"name": "taskmaster_admin", "value": value, "url": f"{server.url}/admin/"}
    page.context.add_cookies([cookie])  # type: ignore[list-item]
    for path in ("", "users/", f"users/details/?id={superuser.id}", "tasks/", "events/"):
        page.goto(f"{server.url}/admin/{path}")
        expect_log_in(page)


def test_an_ended_session_is_asked_for_its_password(admin: Page, superuser: User) -> None:
    superuser.delete("auth/sessions/")
    admin.get_by_role("link", name="Users", exact=True).click()
    expect_log_in(admin)


FORGERY = """
<form method="post" action="{url}"><input name="id" value="{id}"><button>Win a prize</button></form>
"""


@pytest.mark.parametrize("path", ["users/deactivate/", "users/password-link/", "logout/"])
def test_a_form_of_another_page_does_nothing(
    admin: Page, server: Server, database: Database, user: User, tmp_path: Path, path: str
) -> None:
    """Another port of the same host is the same site: the browser does send the cookie."""
    forgery = FORGERY.format(url=f"{server.url}/admin/{path}", id=user.id)
    (tmp_path / "index.html").write_text(forgery)
    page = admin.context.new_page()
    with serve_pages(tmp_path) as url, nothing_changes(database):
        page.goto(url)
        with page.expect_response(re.compile("/admin/")) as reply:
            page.get_by_role("button").click()
    assert "taskmaster_admin=" in reply.value.request.all_headers()["cookie"]
    assert reply.value.status == 403
    admin.reload()
    expect(admin.get_by_role("heading", name="Overview")).to_be_visible()


@contextmanager
def bulks(api: Api, database: Database) -> Iterator[None]:
    """Let a user write 100 long tasks at once, again and again."""
    writer = api.register()
    task = {"title": "x" * 100, "description": "y " * 2000}
    operations = [{"action": "create", "task": task}] * 100
    stop, count = Event(), 0

    def write() -> None:
        nonlocal count
        while not stop.is_set():
            succeed(writer.bulk(*operations))
            count += 1

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write)
        yield
        stop.set()
        writing.result()
    print(f"\n{count} bulks")
    assert count > ROUNDS


@contextmanager
def a_transaction_without_end(api: Api, database: Database) -> Iterator[None]:
    """Let another process hold the one place of a writer all the time."""
    with database.engine.begin() as connection:
        connection.execute(update(users).values(first_name="x"))
        yield


@pytest.mark.alone
@pytest.mark.parametrize("writing", [bulks, a_transaction_without_end])
def test_pages_come_at_once_while_somebody_writes(
    admin: Page, server: Server, user: User, database: Database, writing: Callable[..., Any]
) -> None:
    task = user.create_task()["id"]
    paths = ("", "users/", f"users/?search={user.username}", f"users/details/?id={user.id}",
             f"tasks/?user={user.id}", f"tasks/details/?id={user.id},{task}",
             f"events/?user={user.id}", f"events/details/?id={user.id},1")  # fmt: skip
    took = []
    with writing(Api(through_http(server.url)), database):
        for path in paths * ROUNDS:
            begun = clock.monotonic()
            assert admin.goto(f"{server.url}/admin/{path}").ok  # type: ignore[union-attr]
            took.append(clock.monotonic() - begun)
            assert not admin.get_by_role("heading", name="Log in").count()
    print(f"\n{len(took)} pages: {statistics.median(took):.2f} s, {max(took):.2f} at most")
    assert max(took) < ANSWERED
