"""The focus is never lost: where what has it goes, it is near, or at the head of the page."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests.support.api import User, succeed
from tests.support.board import add, edit, open_account, register_user, titles
from tests.support.server import Server

pytestmark = pytest.mark.parametrize("module_database", ["sqlite"], indirect=True)


@pytest.fixture
def page(module_server: Server, open_page: Callable[..., Page]) -> Page:
    return open_page(module_server.url, "status of (404|503)")


user = pytest.fixture(register_user)


def delete_elsewhere(page: Page, user: User) -> None:
    (task,) = succeed(user.get("tasks/"))["results"]
    succeed(user.delete(f"tasks/{task['id']}/"))
    expect(titles(page, "TO DO")).to_have_count(0)


def test_after_the_dialog_of_a_task_that_is_gone(page: Page, user: User) -> None:
    user.create_task("One")
    dialog = edit(page, "One")
    delete_elsewhere(page, user)
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.locator("#heading")).to_be_focused()


def test_where_the_filters_go_with_the_last_task(page: Page, user: User) -> None:
    user.create_task("One")
    page.get_by_label("Search").focus()
    delete_elsewhere(page, user)
    expect(page.locator("#filters")).to_be_hidden()
    expect(page.locator("#heading")).to_be_focused()


@pytest.mark.parametrize("is_elsewhere", [False, True])
def test_on_the_button_whose_deed_fails(page: Page, is_elsewhere: bool) -> None:
    register_user(page)
    open_account(page)
    busy = {"code": "busy", "detail": "Try again."}
    page.route(
        "**/auth/sessions/*/",
        lambda route: route.fulfill(status=503, json=busy, content_type="application/problem+json"),
    )
    end = page.get_by_role("button", name="End the session")
    end.press("Enter")
    field = page.get_by_label("Present password")
    if is_elsewhere:
        field.focus()
    expect(page.get_by_role("alert")).to_contain_text("Try again.", timeout=20_000)
    expect(field if is_elsewhere else end).to_be_focused()


def test_on_a_button_of_the_sessions_while_the_account_comes(page: Page) -> None:
    register_user(page)
    held: list[Route] = []
    page.route("**/auth/profile/", lambda route: held.append(route), times=1)
    with page.expect_request("**/auth/profile/"):
        open_account(page)
    page.get_by_label("First name").fill("Ada")
    end = page.get_by_role("button", name="End the session")
    end.focus()
    page.locator("#initial").evaluate("initial => (initial.textContent = '?')")
    held[0].continue_()  # its `last_login` is newer than what the page knows
    expect(page.locator("#initial")).not_to_have_text("?")
    page.get_by_role("button", name="Save").evaluate("button => button.click()")
    expect(page.get_by_text("Saved.")).to_be_visible()  # a list that was asked for before has come
    expect(end).to_be_focused()


def test_a_failure_that_comes_late_moves_nobody(page: Page, user: User) -> None:
    for number in range(20):
        user.create_task(f"Task {number}")
    expect(titles(page, "TO DO")).to_have_count(20)
    page.reload()  # nothing is marked as new any more
    expect(titles(page, "TO DO")).to_have_count(20)
    held: list[Route] = []
    page.route(
        "**/api/v1/tasks/",
        lambda route: held.append(route) if route.request.method == "POST" else route.continue_(),
    )
    with page.expect_request(lambda request: request.method == "POST"):
        add(page, "New")
    last = titles(page, "TO DO").last
    last.focus()
    before = last.bounding_box()
    refusal = {"code": "invalid", "detail": "It is not so.", "errors": {"title": ["Not so."]}}
    held[0].fulfill(status=404, json=refusal, content_type="application/problem+json")
    expect(page.locator("#creation-error")).to_have_text("Not so.")
    expect(last).to_be_focused()
    assert last.bounding_box() == pytest.approx(before, abs=1)
