"""The board where replies come late or not at all, and where the focus goes meanwhile."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.support.api import Api, User, succeed
from tests.support.board import (
    SECOND,
    add,
    card,
    edit,
    expect_count,
    log_in,
    log_out,
    quoted,
    register_user,
    save,
    titles,
    toast,
)
from tests.support.browser import OUTAGE
from tests.support.server import Server

pytestmark = pytest.mark.parametrize("module_database", ["sqlite"], indirect=True)
LOST = OUTAGE + "|ERR_FAILED|status of 40[14]"
TRIES = 4
TASK = "**/api/v1/tasks/*/"


@pytest.fixture
def page(module_server: Server, open_page: Callable[..., Page]) -> Page:
    return open_page(module_server.url, LOST)


user = pytest.fixture(register_user)


def hold(page: Page) -> list[Route]:
    """Keep the changes of tasks on their way; return them."""
    held: list[Route] = []
    page.route(TASK, lambda route: held.append(route) if is_change(route) else route.continue_())
    return held


def save_slowly(page: Page, user: User) -> tuple[list[Route], Locator]:
    """Save a change of one of two tasks; return what is on its way, and the dialog."""
    for title in ("One", "Two"):
        user.create_task(title)
    held = hold(page)
    dialog = edit(page, "One")
    dialog.get_by_label("Title").fill("One, changed")
    with page.expect_request(TASK):
        save(dialog)
    return held, dialog


def is_change(route: Route) -> bool:
    return route.request.method == "PATCH"


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.textContent"))


def test_what_no_reply_came_for_is_not_made_twice(page: Page, user: User) -> None:
    lost: list[str] = []

    def lose(route: Route) -> None:
        if route.request.method == "POST" and len(lost) < TRIES:
            lost.append(route.fetch().text())
            route.abort()
        else:
            route.continue_()

    page.route("**/api/v1/tasks/", lose)
    add(page, "Once")
    failure = page.locator("#creation").get_by_role("alert")
    expect(failure).to_contain_text("What you typed stays", timeout=20_000)
    assert len(lost) == TRIES
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_label("Title of the new task")).to_have_value("")
    expect_count(page, "TO DO", "1")
    add(page, "Once")
    expect_count(page, "TO DO", "2")
    assert succeed(user.get("tasks/"))["count"] == 2


def test_a_save_that_comes_late_leaves_the_next_dialog_alone(page: Page, user: User) -> None:
    held, dialog = save_slowly(page, user)
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_be_hidden()
    dialog = edit(page, "Two")
    dialog.get_by_label("Description").fill("Typed meanwhile")
    held[0].continue_()
    expect(card(page, "One, changed")).to_be_visible()
    expect(page.locator("#creation")).not_to_have_attribute("aria-busy", "true")
    expect(dialog.get_by_label("Description")).to_have_value("Typed meanwhile")
    expect(page.get_by_text("is not saved")).to_have_count(0, timeout=SECOND)
    page.unroute(TASK)
    save(dialog)
    expect(dialog).to_be_hidden()
    expect(card(page, "Two")).to_contain_text("Typed meanwhile")


def test_a_save_that_fails_late_is_offered_again(page: Page, user: User) -> None:
    held, dialog = save_slowly(page, user)
    page.keyboard.press("Escape")
    edit(page, "Two")
    refusal = {"code": "not_found", "detail": "There is nothing here."}
    held[0].fulfill(status=404, json=refusal, content_type="application/problem+json")
    expect(toast(page, "What you typed was not saved")).to_be_visible()
    expect(dialog.get_by_role("alert")).to_have_count(0)
    page.unroute(TASK)
    dialog.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Go on").click()
    expect(dialog.get_by_label("Title")).to_have_value("One, changed")
    save(dialog)
    expect(card(page, "One, changed")).to_be_visible()


def test_a_date_that_is_not_whole_is_refused_and_deletes_nothing(page: Page, user: User) -> None:
    due = user.create_task("Water", due_date="2030-03-04T00:00:00Z")["due_date"]
    dialog = edit(page, "Water")
    day = dialog.get_by_label("Due")
    day.focus()
    day.press("Delete")
    assert day.evaluate("(field) => field.validity.badInput")
    save(dialog)
    expect(dialog.locator("#editor-due_date-error")).to_contain_text("not complete")
    day.fill("0026-12-24")  # which somebody types as 12/24/26
    save(dialog)
    expect(dialog.locator("#editor-due_date-error")).to_contain_text("in four digits")
    dialog.get_by_role("button", name="Cancel").click()
    assert succeed(user.get("tasks/"))["results"][0]["due_date"] == due


def test_a_task_that_was_due_long_ago_can_be_edited(page: Page, user: User) -> None:
    due = user.create_task("Old", due_date="0026-12-24T00:00:00Z")["due_date"]
    dialog = edit(page, "Old")
    dialog.get_by_label("Title").fill("Still there")
    save(dialog)
    expect(card(page, "Still there")).to_be_visible()
    assert succeed(user.get("tasks/"))["results"][0]["due_date"] == due


def test_a_key_that_is_held_deletes_one_task(page: Page, user: User) -> None:
    for title in ("Three", "Two", "One"):
        user.create_task(title)
    expect(titles(page, "TO DO")).to_have_text(["One", "Two", "Three"])
    titles(page, "TO DO").first.focus()
    for _ in range(3):
        page.keyboard.down("Delete")  # after the first, the browser says that they are repeated
    page.keyboard.up("Delete")
    expect(titles(page, "TO DO")).to_have_text(["Two", "Three"])
    card(page, "Two").get_by_role("button", name="Delete").dblclick()
    expect(titles(page, "TO DO")).to_have_text(["Three"])
    held: list[Route] = []
    page.route(TASK, lambda route: held.append(route))
    with page.expect_request(TASK):
        titles(page, "TO DO").first.press("Delete")
    titles(page, "TO DO").first.press("Delete")  # twice, and the first is on its way
    for route in held:
        route.continue_()
    page.unroute(TASK)
    expect(page.get_by_label("Title of the new task")).to_be_focused()
    expect(page.get_by_text(f"{quoted('Three')} is deleted.")).to_be_visible()
    expect(toast(page, "was not deleted")).to_have_count(0, timeout=SECOND)
    assert len(held) == 1
    page.keyboard.press("Control+z")
    expect(titles(page, "TO DO")).to_have_text(["Three"])
    assert succeed(user.get("tasks/"))["count"] == 1


def test_nothing_typed_is_left_for_somebody_else(page: Page, user: User) -> None:
    user.create_task("Mine")
    other = Api(user.transport).register()
    other.create_task("Theirs")
    page.get_by_label("Title of the new task").fill("Mine")
    page.get_by_label("Search").fill("mine")
    page.wait_for_url("**/?search=mine")
    page.wait_for_load_state("networkidle")
    log_out(page)
    log_in(page, other.username)
    expect(titles(page, "TO DO")).to_have_text(["Theirs"])
    expect(page.get_by_label("Title of the new task")).to_have_value("")
    assert "mine" not in page.url


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo"])
def test_a_date_is_the_same_day_in_its_tooltip(
    module_server: Server, open_page: Callable[..., Page], zone: str
) -> None:
    page = open_page(module_server.url, timezone_id=zone)
    user = register_user(page)
    user.create_task("Water", due_date="2035-01-01T00:00:00Z")
    due = card(page, "Water").locator(".due")
    expect(due).to_have_text("Jan 1, 2035")
    expect(due).to_have_attribute("title", "Due Jan 1, 2035")


def test_the_focus_goes_where_the_page_goes(page: Page, user: User) -> None:
    assert focused(page) == "Tasks"
    page.get_by_role("button", name="Your account").click()
    page.get_by_role("link", name="Account", exact=True).click()
    page.get_by_role("link", name="Back to the board").click()
    assert focused(page) == "Tasks"
    with page.expect_navigation(url="**/account"):
        page.go_back()
    user.login(user.username)
    page.reload()
    page.get_by_role("button", name="End the session").first.click()
    expect(page.locator(".sessions li")).to_have_count(2)
    assert focused(page) == "Sessions"


def test_more_tasks_have_the_focus_of_the_button_that_is_gone(page: Page, user: User) -> None:
    tasks = [{"action": "create", "task": {"title": f"Task {n}"}} for n in range(60)]
    succeed(user.bulk(*tasks))
    expect_count(page, "TO DO", "60")
    more = page.get_by_role("button", name="Show more")
    more.focus()
    more.press("Enter")
    expect(titles(page, "TO DO")).to_have_count(60)
    expect(titles(page, "TO DO").nth(50)).to_be_focused()


def test_a_task_that_goes_out_of_sight_leaves_the_focus_to_the_next(page: Page, user: User) -> None:
    page.set_viewport_size({"width": 375, "height": 700})
    for title in ("Three", "Two", "One"):
        user.create_task(title)
    expect(titles(page, "TO DO")).to_have_text(["One", "Two", "Three"])
    titles(page, "TO DO").nth(1).focus()
    page.keyboard.press("Shift+ArrowRight")
    expect(titles(page, "TO DO")).to_have_text(["One", "Three"])
    expect(titles(page, "TO DO").nth(1)).to_be_focused()
    user.call("PATCH", f"tasks/{user.get('tasks/').json['results'][2]['id']}/", {"title": "Last"})
    expect(titles(page, "TO DO").filter(has_text="Last")).to_be_focused()
