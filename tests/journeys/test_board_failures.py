"""What fails is told, and succeeds at the next try."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests.support.api import PASSWORD, User, succeed
from tests.support.board import (
    card,
    column,
    edit,
    expect_count,
    expect_state,
    open_account,
    quoted,
    register,
    register_user,
    save,
    titles,
    toast,
)
from tests.support.browser import OUTAGE
from tests.support.server import Server

pytestmark = pytest.mark.parametrize("module_database", ["sqlite"], indirect=True)
EXPECTED = OUTAGE + "|ERR_FAILED|status of (401|409)"
TRIES = 4
LIST = re.compile(r"/api/v1/tasks/\?")


@pytest.fixture
def page(module_server: Server, open_page: Callable[..., Page]) -> Page:
    return open_page(module_server.url, EXPECTED)


user = pytest.fixture(register_user)


def test_a_task_that_is_back_already_is_brought_back(page: Page, user: User) -> None:
    user.create_task("One")
    card(page, "One").get_by_role("button", name="Delete One").click()
    lost: list[str] = []

    def lose(route: Route) -> None:
        if len(lost) < TRIES:
            lost.append(route.fetch().text())
            route.abort()
        else:
            route.continue_()

    page.route("**/restore/", lose)
    undo = page.get_by_role("button", name="Undo")
    undo.click()
    expect(toast(page, "was not brought back.")).to_be_visible()
    undo.click()
    expect(page.locator("#news")).to_have_text(f"{quoted('One')} is back.")
    expect(titles(page, "TO DO")).to_have_text(["One"])


def test_more_tasks_that_cannot_be_loaded(page: Page, user: User) -> None:
    succeed(user.bulk(*({"action": "create", "task": {"title": f"Task {n}"}} for n in range(60))))
    page.reload()  # events had brought them all
    expect_count(page, "TO DO", "60")
    expect(titles(page, "TO DO")).to_have_count(50)
    page.route(LIST, lambda route: route.abort())
    more = column(page, "TO DO").get_by_role("button", name="Show more")
    more.click()
    expect(toast(page, "No more tasks could be loaded. The server cannot be")).to_be_visible()
    page.unroute(LIST)
    more.click()
    expect(titles(page, "TO DO")).to_have_count(60)


def test_the_sessions_are_listed_once_the_server_is_back(page: Page, user: User) -> None:
    page.context.set_offline(True)
    expect_state(page, "Offline")
    open_account(page)
    failure = page.locator("#sessions").get_by_role("alert")
    expect(failure).to_have_text("The list could not be loaded. The server cannot be reached now.")
    page.context.set_offline(False)
    expect(page.locator(".sessions li")).to_have_count(2)
    expect(failure).to_be_hidden()


def test_a_deleted_account_is_told_of(page: Page) -> None:
    register(page)
    open_account(page)
    expect(page).to_have_title("Account · Taskmaster")
    page.locator("#deletion").get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Delete my account").click()
    expect(page.locator("#credentials")).to_be_visible()
    expect(page.locator("#news")).to_have_text("Your account is deleted, with all its tasks.")
    expect(page).to_have_title("Log in · Taskmaster")


def test_a_time_that_the_clocks_leave_out_is_refused(
    module_server: Server, open_page: Callable[..., Page]
) -> None:
    page = open_page(module_server.url, timezone_id="America/New_York")
    user = register_user(page)
    user.create_task("One")
    dialog = edit(page, "One")
    dialog.get_by_label("Due").fill("2030-03-10")
    dialog.get_by_label("At").fill("02:30")
    save(dialog)
    expect(dialog.locator("#editor-due_date-error")).to_contain_text("no such time on that day")
    dialog.get_by_label("At").fill("03:30")
    save(dialog)
    expect(dialog).to_be_hidden()
    (task,) = succeed(user.get("tasks/"))["results"]
    assert task["due_date"].startswith("2030-03-10T07:30")
