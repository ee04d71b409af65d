"""The pages in a real browser: live, kept apart, caught up after a crash, quiet and accessible."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.api import PASSWORD, Api, User, through_http
from tests.support.browser import Complaints, chromium
from tests.support.server import Server

# What a browser does is the same on both databases; one is enough.
pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

PHONE = {"width": 360, "height": 740}


@pytest.fixture
def browser() -> Iterator[Browser]:
    """A browser of the test's own."""
    with chromium() as browser:
        yield browser


def open_board(browser: Browser, server: Server) -> Page:
    page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    page.set_default_timeout(20_000)
    page.goto(server.url)
    return page


def register(page: Page) -> str:
    """Register somebody on the page; return their name."""
    name = f"user_{uuid4().hex[:12]}"
    page.get_by_label("Register").check()
    page.get_by_label("Username").fill(name)
    page.get_by_label("E-mail", exact=True).fill(f"{name}@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Register").click()
    expect(page.get_by_role("status")).to_have_text("Live", timeout=20_000)
    return name


def add(page: Page, title: str) -> None:
    page.get_by_label("Title of the new task").fill(title)
    page.get_by_role("button", name="Add").click()


def call_as(server: Server, name: str) -> User:
    return Api(through_http(server.url)).login(name)


def test_a_task_from_the_first_to_the_last(server: Server, browser: Browser) -> None:
    page = open_board(browser, server)
    complaints = Complaints(page, server.url)
    register(page)
    add(page, "<b>Water</b> the plants")
    task = page.get_by_role("listitem").filter(has_text="<b>Water</b> the plants")
    expect(page.locator("[data-status='TO DO']").locator(task)).to_be_visible()
    task.get_by_label("Status of").select_option("Done")
    expect(page.locator("[data-status='DONE'] .task")).to_have_count(1)
    page.reload()
    expect(page.locator("[data-status='DONE'] .task")).to_have_count(1)
    task.get_by_role("button", name="Delete").click()
    expect(page.locator(".task")).to_have_count(0)
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_label("Password")).to_be_visible()
    assert page.evaluate("sessionStorage.length + document.cookie.length") == 0
    assert complaints.found == []


def test_each_sees_their_own_and_catches_up_after_a_crash(server: Server, browser: Browser) -> None:
    ada, bob = open_board(browser, server), open_board(browser, server)
    ada_name, bob_name = register(ada), register(bob)
    call_as(server, ada_name).create_task("Ada's")
    call_as(server, bob_name).create_task("Bob's")
    expect(ada.locator(".task .title")).to_have_text(["Ada's"])
    expect(bob.locator(".task .title")).to_have_text(["Bob's"])

    server.kill()
    expect(ada.get_by_role("status")).to_have_text("Connecting")
    server.restart()
    missed = call_as(server, ada_name)
    missed.create_task("While away")
    (task,) = (t for t in missed.get("tasks/").json["results"] if t["title"] == "Ada's")
    missed.patch(f"tasks/{task['id']}/", {"status_task": "DONE"})
    expect(ada.get_by_role("status")).to_have_text("Live", timeout=20_000)
    expect(ada.locator("[data-status='TO DO'] .title")).to_have_text(["While away"])
    expect(ada.locator("[data-status='DONE'] .title")).to_have_text(["Ada's"])
    expect(bob.locator(".task .title")).to_have_text(["Bob's"])


def test_a_session_ended_elsewhere_ends_here(server: Server, browser: Browser) -> None:
    page = open_board(browser, server)
    name = register(page)
    assert call_as(server, name).delete("auth/sessions/").status == 200
    expect(page.get_by_role("alert")).to_contain_text("Your session has ended")
    expect(page.get_by_label("Password")).to_be_visible()


def test_what_is_wrong_is_said_beside_its_field(server: Server, browser: Browser) -> None:
    page = open_board(browser, server)
    page.get_by_label("Username").fill("nobody")
    page.get_by_label("Password").fill("wrong password")
    page.get_by_role("button", name="Log in").click()
    expect(page.locator("#error-password")).not_to_be_empty()
    expect(page.get_by_label("Password")).to_be_focused()


@pytest.mark.parametrize("path", ["/", "/docs", "/docs/streams"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_are_quiet_and_fit_a_phone(
    server: Server, browser: Browser, path: str, scheme: str
) -> None:
    context = browser.new_context(viewport=PHONE, color_scheme=scheme)  # type: ignore[arg-type,unused-ignore]
    page = context.new_page()
    complaints = Complaints(page, server.url)
    page.goto(server.url + path, wait_until="networkidle")
    expect(page.locator("h1").first).to_be_visible(timeout=20_000)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert page.evaluate("document.cookie") == ""
    assert complaints.found == []
