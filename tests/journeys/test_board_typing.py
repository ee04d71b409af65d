"""What somebody types into the dialog stays: others change the task, or the page is left."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.api import User, succeed
from tests.support.board import edit, log_in, log_out, register_user, save
from tests.support.server import Server

pytestmark = pytest.mark.parametrize("module_database", ["sqlite"], indirect=True)


@pytest.fixture
def page(module_server: Server, open_page: Callable[..., Page]) -> Page:
    return open_page(module_server.url, "status of 401")


user = pytest.fixture(register_user)


def change(user: User, dialog: Locator, **fields: Any) -> None:
    """Change the only task elsewhere; wait until its dialog says so."""
    (task,) = succeed(user.get("tasks/"))["results"]
    succeed(user.patch(f"tasks/{task['id']}/", fields))
    expect(dialog.locator("#elsewhere")).to_be_visible()


@pytest.mark.parametrize("typed", ["one ", ""])
def test_the_caret_stays_where_it_was(page: Page, user: User, typed: str) -> None:
    user.create_task("One", description="BEGIN END")
    dialog = edit(page, "One")
    field = dialog.get_by_label("Description")
    field.focus()
    field.evaluate("(field) => field.setSelectionRange(6, 6)")
    page.keyboard.type(typed)
    change(user, dialog, priority="HIGH")
    page.keyboard.type("two ")
    expect(field).to_have_value(f"BEGIN {typed}two END")
    expect(dialog.get_by_label("Priority")).to_have_value("HIGH")


def test_a_date_that_is_half_typed_is_typed_on(page: Page, user: User) -> None:
    user.create_task("One")
    dialog = edit(page, "One")
    day = dialog.get_by_label("Due")
    day.focus()
    page.keyboard.type("0517")
    change(user, dialog, title="Two")
    page.keyboard.type("2030")
    expect(day).to_have_value("2030-05-17")
    day.press("Delete")  # a part of it
    page.keyboard.press("Escape")
    assert edit(page, "Two").get_by_label("Due").evaluate("(day) => !day.validity.badInput")


def test_a_date_that_others_set_under_a_half_typed_one_is_told(page: Page, user: User) -> None:
    user.create_task("One")
    dialog = edit(page, "One")
    dialog.get_by_label("Due").focus()
    page.keyboard.type("0517")
    change(user, dialog, due_date="2030-03-01T14:00:00Z")
    expect(dialog.locator("#elsewhere")).to_contain_text("Save overwrites it")


@pytest.mark.parametrize("viewport", [{"width": 640, "height": 400}, {"width": 390, "height": 500}])
def test_the_field_stays_in_sight(page: Page, user: User, viewport: Any) -> None:
    page.set_viewport_size(viewport)
    user.create_task("One")
    dialog = edit(page, "One")
    time = dialog.get_by_label("At")
    time.focus()
    change(user, dialog, title="Two")
    expect(time).to_be_in_viewport(ratio=1)
    expect(dialog.locator("#elsewhere")).to_be_in_viewport(ratio=1)


def expect_question(page: Page) -> None:
    """Expect to be asked before the page is left, and stay there."""
    with page.expect_event("dialog") as asked:
        page.close(run_before_unload=True)
    assert asked.value.type == "beforeunload"
    asked.value.dismiss()


def test_the_page_is_not_left_without_a_question(page: Page, user: User) -> None:
    user.create_task("One")
    dialog = edit(page, "One")
    dialog.get_by_label("Title").fill("Two")
    expect_question(page)
    page.keyboard.press("Escape")
    go_on = page.get_by_role("button", name="Go on")
    expect(go_on).to_be_visible()
    expect_question(page)
    succeed(user.delete("auth/sessions/"))
    expect(page.locator("#credentials")).to_be_visible()
    expect_question(page)
    log_in(page, user.username)
    go_on.click()
    expect(dialog.get_by_label("Title")).to_have_value("Two")
    save(dialog)
    expect(dialog).to_be_hidden()


@pytest.mark.parametrize("ended", ["not typed", "cancelled", "logged out"])
def test_but_without_one_where_nothing_is_left_to_save(page: Page, user: User, ended: str) -> None:
    user.create_task("One")
    asked: list[str] = []
    dialog = edit(page, "One")
    if ended != "not typed":
        dialog.get_by_label("Title").fill("Two")
    if ended == "cancelled":
        dialog.get_by_role("button", name="Cancel").click()
        expect(page.get_by_role("button", name="Go on")).to_be_visible()
    if ended == "logged out":
        page.keyboard.press("Escape")
        log_out(page)
        expect(page.locator("#credentials")).to_be_visible()
    page.on("dialog", lambda question: asked.append(question.type))
    page.reload()
    assert asked == []
