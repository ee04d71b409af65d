"""Every admin page: axe finds nothing, nothing is wider than the window, the browser is quiet."""

from collections.abc import Callable
from contextlib import closing

import pytest
from playwright.sync_api import Page, expect

from tests.support.admin import enter, find_user
from tests.support.api import User, register_at
from tests.support.browser import assert_fine
from tests.support.databases import Database
from tests.support.server import Server
from tests.support.streams import SSEClient
from tests.support.tables import make_superuser

pytestmark = pytest.mark.parametrize("module_database", ["sqlite"], indirect=True)
Open = Callable[[str], Page]


@pytest.fixture
def superuser(module_server: Server, module_database: Database) -> User:
    user = register_at(module_server.url)
    user.create_task("x" * 100, description="y" * 1000, due_date="2030-01-01T00:00:00Z")
    user.create_task("Water the plants")
    return make_superuser(module_database, user)


@pytest.fixture
def page(module_server: Server, superuser: User, open_in: Open) -> Page:
    """A window in which a superuser is logged in, who has failed once: there is a warning."""
    page = open_in(f"{module_server.url}/admin/")
    page.get_by_label("Username or e-mail").fill(superuser.username)
    page.get_by_label("Password").fill("not the password")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("status")).to_contain_text("wrong")
    enter(page, superuser.username)
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    return page


def test_the_log_in(module_server: Server, open_in: Open, width: int) -> None:
    page = open_in(f"{module_server.url}/admin/")
    assert_fine(page, width)
    enter(page, "nobody")
    expect(page.get_by_role("status")).to_contain_text("wrong")
    assert_fine(page, width)


def test_the_overview(module_server: Server, superuser: User, page: Page, width: int) -> None:
    with closing(SSEClient(module_server.url, superuser.access)) as stream:
        stream.wait("stream_ready")
        page.reload()
        streams = page.get_by_role("region", name="Live streams")
        expect(streams.get_by_role("link", name=superuser.username)).to_be_visible()
        expect(page.get_by_role("cell", name="login_failed").first).to_be_visible()
        expect(page.get_by_role("img", name="Requests per second")).to_be_visible()
        assert_fine(page, width)


def test_users(superuser: User, page: Page, width: int) -> None:
    page.get_by_role("link", name="Users", exact=True).click()
    page.get_by_role("link", name="E-mail").click()
    expect(page.get_by_role("columnheader", name="E-mail")).to_have_attribute(
        "aria-sort", "ascending"
    )
    assert_fine(page, width)
    find_user(page, superuser.username)
    assert_fine(page, width)
    page.get_by_role("button", name="Make a link").click()
    expect(page.get_by_role("status")).to_contain_text("can set a password")
    assert_fine(page, width)


def test_a_search_that_finds_nothing(module_server: Server, page: Page, width: int) -> None:
    page.goto(f"{module_server.url}/admin/users/?search=nobody_at_all")
    expect(page.get_by_text("Nothing here.")).to_be_visible()
    assert_fine(page, width)


@pytest.mark.parametrize(
    ("kind", "first"), [("Tasks", "x" * 100), ("Log", "2")], ids=["tasks", "log"]
)
def test_what_is_of_a_user(superuser: User, page: Page, width: int, kind: str, first: str) -> None:
    find_user(page, superuser.username)
    page.get_by_role("link", name=kind, exact=True).click()
    expect(page.get_by_role("link", name=f"Back to {superuser.username}")).to_be_visible()
    assert_fine(page, width)
    page.get_by_role("link", name=first, exact=True).click()
    expect(page.get_by_role("link", name="Back to the list")).to_be_visible()
    assert_fine(page, width)
