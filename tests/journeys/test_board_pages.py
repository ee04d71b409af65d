"""Every page of ours: axe finds nothing, nothing is wider than the window, the browser is quiet."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.support.api import User, register_at
from tests.support.board import column, edit, log_in, register
from tests.support.browser import assert_fine
from tests.support.server import Server

pytestmark = pytest.mark.parametrize("module_database", ["sqlite"], indirect=True)
Open = Callable[..., Page]
INSTEAD = "The same for programs: openapi.json"


@pytest.mark.parametrize(
    "path", ["/", "/docs/streams", "/docs/errors", "/set-password#token", "/not/there"]
)
def test_of_nobody(module_server: Server, open_in: Open, width: int, path: str) -> None:
    page = open_in(module_server.url + path)
    expect(page.locator("h1").first).to_be_visible()
    assert_fine(page, width)


def test_registration_and_what_is_wrong_with_it(
    module_server: Server, open_in: Open, width: int
) -> None:
    page = open_in(module_server.url)
    page.get_by_role("radio", name="Register").check(force=True)
    page.get_by_role("button", name="Register").click()
    expect(page.locator("#credentials-email-error")).to_be_visible()
    assert_fine(page, width)


def test_of_somebody_new(module_server: Server, open_in: Open, width: int) -> None:
    page = open_in(module_server.url)
    register(page)
    expect(page.get_by_role("heading", name="Try this")).to_be_visible()
    assert_fine(page, width)
    page.get_by_role("button", name="Your account").click()
    assert_fine(page, width)
    page.get_by_role("link", name="Account", exact=True).click()
    expect(page.locator(".sessions li")).to_have_count(1)
    assert_fine(page, width)


def make_tasks(user: User) -> None:
    user.create_task("Overdue", priority="HIGH", due_date="2000-01-01T00:00:00Z")
    user.create_task("x" * 100, description="y" * 2000, priority="LOW")
    user.create_task("Going on", status_task="IN PROGRESS", due_date="2100-01-01T12:00:00Z")
    user.create_task("Over", status_task="DONE", description="Long\nago")


def test_of_somebody_with_tasks(module_server: Server, open_in: Open, width: int) -> None:
    user = register_at(module_server.url)
    page = open_in(module_server.url)
    log_in(page, user.username)
    make_tasks(user)
    expect(column(page, "DONE").locator(".badge")).to_have_text("New")  # the last of four
    assert_fine(page, width)
    page.locator(".task", has_text="Overdue").get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Undo").hover()  # the message stays
    assert_fine(page, width)
    page.get_by_role("button", name="Undo").click()
    dialog = edit(page, "Overdue")
    assert_fine(page, width)
    dialog.get_by_label("Title").fill("")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.locator("#editor-title-error")).to_be_visible()
    assert_fine(page, width)


def test_one_row_of_header(module_server: Server, open_in: Open, width: int) -> None:
    page = open_in(module_server.url)
    register(page)
    boxes = [one.bounding_box() for one in page.locator("header.top > *, header.top nav a").all()]
    middles = [box["y"] + box["height"] / 2 for box in boxes if box]
    assert len(middles) == 6 + (width > 390) - (width < 390)
    assert max(middles) - min(middles) < 2


def test_the_reference(module_server: Server, open_in: Open, width: int) -> None:
    page = open_in(f"{module_server.url}/docs")
    expect(page.locator("h1").first).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert_fine(page, width)
    expect(page.get_by_text(INSTEAD)).to_have_count(0)


@pytest.mark.parametrize("path", ["/docs", "/docs/streams"])
def test_samples_name_the_server_that_shows_them(
    module_server: Server, open_page: Open, path: str
) -> None:
    main = open_page(module_server.url + path).locator("#main")
    expect(main).to_contain_text(f"{module_server.url}/api/v1/tasks/stream/")
    expect(main).not_to_contain_text("127.0.0.1:8000")


def test_the_reference_without_its_script(module_server: Server, open_page: Open) -> None:
    page = open_page(module_server.url, "ERR_FAILED")
    page.route("**/redoc*.js", lambda route: route.abort())
    page.goto(f"{module_server.url}/docs")
    expect(page.get_by_text(INSTEAD)).to_be_visible()
    expect(page.get_by_role("link", name="openapi.json")).to_have_attribute("href", "/openapi.json")


def test_the_board_without_its_script(module_server: Server, open_page: Open) -> None:
    """As where npm has installed nothing: it follows by a plain WebSocket."""
    page = open_page(module_server.url, "ERR_FAILED")
    page.route("**/socket.io*.js", lambda route: route.abort())
    page.goto(module_server.url)
    assert page.evaluate("typeof io") == "undefined"
    register(page)
