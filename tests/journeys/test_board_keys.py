"""The board by keys: of any layout, across empty columns, and faster than the server."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests.support.api import User, succeed
from tests.support.board import SECOND, card, hold_reply, quoted, register_user, titles, toast
from tests.support.server import Server

pytestmark = pytest.mark.parametrize("module_database", ["sqlite"], indirect=True)
TASK = "**/api/v1/tasks/*/"


@pytest.fixture
def page(module_server: Server, open_page: Callable[..., Page]) -> Page:
    return open_page(module_server.url, "status of 403")


user = pytest.fixture(register_user)


@pytest.mark.parametrize("key", ["Z", "я"], ids=["Caps Lock", "Cyrillic"])
def test_undo(page: Page, user: User, key: str) -> None:
    for title in ("Two", "One"):
        user.create_task(title)
    card(page, "One").get_by_role("button", name="Delete One").click()
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    pressed = {"key": key, "keyCode": ord("Z"), "ctrlKey": True}
    page.locator("body").dispatch_event("keydown", pressed | {"shiftKey": True})  # it means Redo
    expect(titles(page, "TO DO")).to_have_text(["Two"])
    page.locator("body").dispatch_event("keydown", pressed)
    expect(titles(page, "TO DO")).to_have_text(["One", "Two"])


def test_undo_waits_for_the_reply_to_the_deletion(page: Page, user: User) -> None:
    user.create_task("One")
    let_through = hold_reply(page, TASK)
    card(page, "One").get_by_role("button", name="Delete One").click()
    expect(titles(page, "TO DO")).to_have_count(0)
    page.keyboard.press("Control+z")
    let_through()
    expect(titles(page, "TO DO")).to_have_text(["One"])


def test_undo_of_a_deletion_that_fails_brings_back_no_other(page: Page, user: User) -> None:
    for title in ("Two", "One"):
        user.create_task(title)
    page.get_by_role("button", name="Delete One").click()
    expect(titles(page, "TO DO")).to_have_text(["Two"])
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    held: list[Route] = []
    page.route(TASK, lambda route: held.append(route), times=1)
    with page.expect_request(TASK):
        page.get_by_role("button", name="Delete Two").click()
    page.keyboard.press("Control+z")
    refusal = {"code": "permission_denied", "detail": "It is not so."}
    held[0].fulfill(status=403, json=refusal, content_type="application/problem+json")
    expect(toast(page, "was not deleted")).to_be_visible()
    expect(page.locator("#news")).to_be_empty()
    expect(titles(page, "TO DO")).to_have_text(["Two"])


def test_arrows_go_on_over_an_empty_column(page: Page, user: User) -> None:
    user.create_task("First")
    user.create_task("Last", status_task="DONE")
    expect(titles(page, "DONE")).to_be_visible()
    titles(page, "TO DO").focus()
    page.keyboard.press("ArrowRight")
    expect(titles(page, "DONE")).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(titles(page, "TO DO")).to_be_focused()


def step_twice(page: Page) -> Route:
    """Move the only task two columns on; return the first request, which waits for its reply."""
    held: list[Route] = []
    page.route(TASK, lambda route: route.continue_() if held else held.append(route))
    titles(page, "TO DO").focus()
    with page.expect_request(TASK):
        page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    return held[0]


def test_two_steps_before_a_reply_are_two(page: Page, user: User) -> None:
    user.create_task("One")
    step_twice(page).continue_()
    expect(titles(page, "DONE")).to_have_text(["One"])
    (task,) = succeed(user.get("tasks/"))["results"]
    assert task["status_task"] == "DONE"
    expect(titles(page, "DONE")).to_be_focused()


def test_a_task_that_is_moved_twice_and_deleted_fails_nowhere(page: Page, user: User) -> None:
    user.create_task("One")
    first = step_twice(page)
    page.keyboard.press("Delete")
    first.continue_()
    expect(toast(page, f"{quoted('One')} is deleted.")).to_be_visible()
    expect(toast(page, "was not moved")).to_have_count(0, timeout=SECOND)
