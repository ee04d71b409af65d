"""The board on a small screen, or a large one that is zoomed: what matters is in sight."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.support.api import User, succeed
from tests.support.board import (
    add,
    card,
    edit,
    expect_state,
    quoted,
    register_user,
    save,
    titles,
    toast,
)
from tests.support.browser import CUT, OUTAGE
from tests.support.server import Server

pytestmark = pytest.mark.parametrize("module_database", ["sqlite"], indirect=True)
SMALL = {"width": 320, "height": 400}
WITH_SPACE = """
const sheet = new CSSStyleSheet();
sheet.replaceSync("* { letter-spacing: .12em !important; word-spacing: .16em !important }");
document.adoptedStyleSheets = [sheet];
"""


@pytest.fixture
def page(module_server: Server, open_page: Callable[..., Page]) -> Page:
    return open_page(module_server.url, "status of 410|" + OUTAGE, viewport=SMALL)


user = pytest.fixture(register_user)


def test_what_went_wrong_is_in_sight(page: Page, user: User) -> None:
    task = user.create_task("One")
    dialog = edit(page, "One")
    button = dialog.get_by_role("button", name="Save")
    button.scroll_into_view_if_needed()
    expect(dialog.get_by_role("heading")).not_to_be_in_viewport()
    succeed(user.patch(f"tasks/{task['id']}/", {"title": "Changed"}))
    expect(dialog.get_by_text("This was changed elsewhere")).to_be_in_viewport()
    gone = {"code": "position_expired", "detail": "It is gone."}
    page.route(
        "**/api/v1/tasks/*/",
        lambda route: route.fulfill(status=410, json=gone, content_type="application/problem+json"),
    )
    dialog.get_by_label("Description").fill("Typed")
    save(dialog)
    expect(dialog.get_by_role("alert")).to_be_in_viewport()


def test_each_tab_is_one_line(page: Page, user: User) -> None:
    user.create_task("One")
    for width in (320, 340, 360, 390, 430, 600, 800):
        page.set_viewport_size({"width": width, "height": 700})
        heights = page.locator(".columns-tabs label").evaluate_all(
            "(tabs) => tabs.map((tab) => tab.getBoundingClientRect().height)"
        )
        assert len(heights) == 3
        assert max(heights) < 50, width  # two lines are more


def test_text_fits_with_more_space_between_its_letters(page: Page, user: User) -> None:
    """As WCAG 1.4.12 lets a reader have it."""
    user.create_task("One")
    page.evaluate(WITH_SPACE)
    assert page.evaluate(CUT) == []
    edit(page, "One")
    assert page.evaluate(CUT) == []


def test_what_floats_leaves_in_sight_what_has_the_focus(page: Page, user: User) -> None:
    for number in range(12):
        user.create_task(f"Task {number}")
    expect(titles(page, "TO DO")).to_have_count(12)
    titles(page, "TO DO").last.focus()
    for _ in range(11):
        page.keyboard.press("ArrowUp")
        top = page.evaluate("document.activeElement.getBoundingClientRect().top")
        tabs = page.locator(".columns-tabs").evaluate(
            "(tabs) => tabs.getBoundingClientRect().bottom"
        )
        assert top >= tabs
    edit(page, "Task 11").get_by_label("Title").fill(
        "A draft, which is offered until somebody goes on"
    )
    page.keyboard.press("Escape")
    offer = page.get_by_role("button", name="Go on")
    expect(offer).to_be_visible()
    titles(page, "TO DO").first.focus()
    for _ in range(11):
        page.keyboard.press("ArrowDown")
        bottom = page.evaluate("document.activeElement.getBoundingClientRect().bottom")
        message = page.locator(".toast").evaluate("(toast) => toast.getBoundingClientRect().top")
        assert bottom <= message


def test_many_messages_leave_room_and_the_last_is_in_sight(page: Page, user: User) -> None:
    for number in range(8):
        user.create_task(f"Task {number}")
    expect(titles(page, "TO DO")).to_have_count(8)
    for number in range(8):
        card(page, f"Task {number}").get_by_role("button", name="Delete").press("Enter")
        message = toast(page, f"{quoted(f'Task {number}')} is deleted.")
        expect(message.get_by_role("button", name="Undo")).to_be_in_viewport()
    assert (
        page.evaluate("document.querySelector('.messages').clientHeight") <= SMALL["height"] * 0.4
    )


@pytest.mark.parametrize(
    "viewport", [{"width": 1280, "height": 800}, {"width": 320, "height": 256}]
)
def test_an_outage_covers_nothing_that_has_the_focus(
    page: Page, user: User, viewport: ViewportSize
) -> None:
    for number in range(12):
        user.create_task(f"Task {number}")
    expect(titles(page, "TO DO")).to_have_count(12)
    page.set_viewport_size(viewport)
    page.reload()  # nothing is told any more
    expect(titles(page, "TO DO")).to_have_count(12)
    page.context.set_offline(True)
    expect_state(page, "Offline")
    notice = page.locator("#outage").bounding_box()
    assert notice
    titles(page, "TO DO").first.focus()
    for key in 35 * ["Tab"] + 35 * ["Shift+Tab"] + 11 * ["ArrowDown"]:
        page.keyboard.press(key)
        box = page.locator(":focus").bounding_box()
        assert box
        assert box["y"] + box["height"] <= notice["y"]
    page.context.set_offline(False)


def test_letters_are_as_large_as_the_reader_has_set_them(page: Page, user: User) -> None:
    user.create_task("One")
    page.context.new_cdp_session(page).send(
        "Page.setFontSizes", {"fontSizes": {"standard": 28, "fixed": 24}}
    )
    for place in ("body", ".task .title", "#creation button"):
        expect(page.locator(place).first).to_have_css("font-size", "28px")


def test_on_paper_are_the_tasks_of_all_columns(page: Page, user: User) -> None:
    for status in ("TO DO", "IN PROGRESS", "DONE"):
        user.create_task("One", status_task=status)
    expect(titles(page, "TO DO")).to_be_visible()
    page.emulate_media(media="print")
    for status in ("TO DO", "IN PROGRESS", "DONE"):
        expect(titles(page, status)).to_be_visible()
    for place in ("#creation", "#filters", ".messages", ".keys"):
        expect(page.locator(place)).to_be_hidden()


def test_a_message_has_an_edge_where_the_reader_chooses_the_colours(page: Page, user: User) -> None:
    page.emulate_media(forced_colors="active")
    add(page, "One")
    expect(page.locator("#news")).not_to_be_empty()
    style = page.locator("#news").evaluate("(one) => getComputedStyle(one).outline")
    assert "solid 1px" in style
    assert "rgba(0, 0, 0, 0)" not in style
