"""What somebody has typed outlives their session, and nobody else sees it."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.support.api import Api, User, succeed
from tests.support.board import (
    SECOND,
    add,
    card,
    edit,
    log_in,
    quoted,
    register_user,
    save,
    titles,
    toast,
)
from tests.support.server import Server

pytestmark = pytest.mark.parametrize("module_database", ["sqlite"], indirect=True)
REFUSED = r"status of 4(01|04|10)"  # what Chromium says of a session that is over, and of a refusal

LONG = 60_000  # milliseconds; messages are there for ten seconds


@pytest.fixture
def page(module_server: Server, open_page: Callable[..., Page]) -> Page:
    return open_page(module_server.url, REFUSED)


user = pytest.fixture(register_user)


def type_into(page: Page, user: User) -> Locator:
    """Type into the dialog of a task; return the dialog."""
    user.create_task("One", description="As it was")
    dialog = edit(page, "One")
    dialog.get_by_label("Description").fill("A long story")
    return dialog


def end_session(page: Page, user: User) -> None:
    """End the session of the page, elsewhere."""
    succeed(user.delete("auth/sessions/"))
    expect(page.locator("#credentials")).to_be_visible()
    expect(page.get_by_role("dialog")).to_be_hidden()


def go_on(page: Page) -> Locator:
    page.get_by_role("button", name="Go on").click()
    return page.get_by_role("dialog")


def test_what_was_typed_is_there_again_for_who_typed_it(page: Page, user: User) -> None:
    dialog = type_into(page, user)
    end_session(page, user)
    expect(page.locator("body")).not_to_contain_text("A long story")
    log_in(page, user.username)
    go_on(page)
    expect(dialog.get_by_label("Title")).to_have_value("One")
    expect(dialog.get_by_label("Description")).to_have_value("A long story")
    save(dialog)
    expect(card(page, "One")).to_contain_text("A long story")


def save_slowly(page: Page) -> list[Route]:
    """Save what is in the dialog; return the request, on its way until it is answered."""
    held: list[Route] = []

    def hold(route: Route) -> None:
        if held or route.request.method == "GET":
            route.continue_()
        else:
            held.append(route)

    page.route("**/api/v1/tasks/**", hold)
    with page.expect_request(lambda request: request.method in ("POST", "PATCH")):
        save(page.get_by_role("dialog"))
    return held


def fail(page: Page, held: list[Route]) -> None:
    with page.expect_response(held[0].request.url):
        refusal = {"code": "not_found", "detail": "There is nothing here."}
        held[0].fulfill(status=404, json=refusal, content_type="application/problem+json")


@pytest.mark.parametrize("is_sent", [False, True])
def test_nobody_else_sees_it(page: Page, user: User, is_sent: bool) -> None:
    other = Api(user.transport).register()
    type_into(page, user)
    held = save_slowly(page) if is_sent else []
    end_session(page, user)
    log_in(page, other.username)
    if held:
        fail(page, held)
    add(page, "Of the other")  # and what has failed has been told of by then
    expect(titles(page, "TO DO")).to_have_text(["Of the other"])
    expect(page.get_by_role("button", name="Go on")).to_have_count(0, timeout=SECOND)
    succeed(other.delete("auth/sessions/"))
    expect(page.locator("#credentials")).to_be_visible()
    log_in(page, user.username)
    expect(go_on(page).get_by_label("Description")).to_have_value("A long story")


def type_new(page: Page, title: str) -> None:
    """Type a new task, and leave it."""
    page.get_by_role("button", name="Details").click()
    page.get_by_role("dialog").get_by_label("Title").fill(title)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_drafts_that_are_offered_outlive_the_session(page: Page, user: User) -> None:
    type_into(page, user)
    page.keyboard.press("Escape")
    for title in ("First", "Second"):
        type_new(page, title)
    page.clock.install()
    page.clock.fast_forward(LONG)
    end_session(page, user)
    log_in(page, user.username)
    offers = page.get_by_role("button", name="Go on")
    expect(offers).to_have_count(3)
    offers.nth(1).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Title")).to_have_value("First")
    save(dialog)
    expect(titles(page, "TO DO")).to_have_text(["First", "One"])
    expect(offers).to_have_count(2)


def test_a_draft_of_a_task_that_is_deleted_makes_a_new_one(page: Page, user: User) -> None:
    dialog = type_into(page, user)
    page.keyboard.press("Escape")
    card(page, "One").get_by_role("button", name="Delete").click()
    expect(titles(page, "TO DO")).to_have_count(0)
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    go_on(page)
    expect(dialog.get_by_text("Save creates a new task")).to_be_visible()
    save(dialog)
    expect(card(page, "One")).to_contain_text("A long story")


@pytest.mark.parametrize("button", ["Save", "Delete"])
def test_a_draft_finds_only_late_that_its_task_is_gone(page: Page, user: User, button: str) -> None:
    dialog = type_into(page, user)
    page.keyboard.press("Escape")
    end_session(page, user)
    (task,) = succeed(user.get("tasks/"))["results"]
    succeed(user.delete(f"tasks/{task['id']}/"))
    log_in(page, user.username)
    go_on(page).get_by_role("button", name=button).click()
    if button == "Delete":
        expect(toast(page, f"{quoted('One')} is deleted.")).to_be_visible()
        assert page.get_by_role("button", name="Go on").count() == 0
    else:
        expect(dialog.get_by_text("Save creates a new task")).to_be_visible()
        save(dialog)
        expect(card(page, "One")).to_contain_text("A long story")


def test_a_save_that_fails_after_the_end_of_the_session(page: Page, user: User) -> None:
    page.get_by_role("button", name="Details").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Title").fill("New")
    held = save_slowly(page)
    end_session(page, user)
    fail(page, held)
    log_in(page, user.username)
    go_on(page)
    expect(dialog.get_by_label("Title")).to_have_value("New")
    save(dialog)
    expect(titles(page, "TO DO")).to_have_text(["New"])


def test_line_ends_of_another_system_are_not_taken_for_typed(page: Page, user: User) -> None:
    task = user.create_task("One", description="Two\r\nlines")
    dialog = edit(page, "One")
    user.patch(f"tasks/{task['id']}/", {"description": "Three\r\nmore\r\nlines"})
    expect(dialog.get_by_label("Description")).to_have_value("Three\nmore\nlines")
    dialog.get_by_label("Title").fill("First")
    save(dialog)
    expect(card(page, "First")).to_be_visible()
    (now,) = succeed(user.get("tasks/"))["results"]
    assert now["description"] == "Three\r\nmore\r\nlines"
    edit(page, "First").get_by_role("button", name="Cancel").click()
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("button", name="Go on")).to_have_count(0, timeout=SECOND)


def test_a_task_that_is_made_late_leaves_what_is_typed_next(page: Page, user: User) -> None:
    quick = page.get_by_label("Title of the new task")
    quick.fill("One")
    page.get_by_role("button", name="Details").click()
    held = save_slowly(page)
    page.keyboard.press("Escape")
    quick.fill("Two")
    held[0].continue_()
    expect(page.locator("#news")).to_contain_text(f"{quoted('One')} is added")
    expect(quick).to_have_value("Two")


@pytest.mark.parametrize(("field", "is_hidden"), [("description", True), ("title", False)])
def test_a_draft_says_that_it_hides_what_was_written_elsewhere(
    page: Page, user: User, field: str, is_hidden: bool
) -> None:
    dialog = type_into(page, user)
    page.keyboard.press("Escape")
    (task,) = succeed(user.get("tasks/"))["results"]
    user.patch(f"tasks/{task['id']}/", {field: "One, from elsewhere"})
    expect(card(page, "One, from elsewhere")).to_be_visible()
    go_on(page)
    expect(dialog.get_by_label("Description")).to_have_value("A long story")
    expect(dialog.get_by_text("Save overwrites it")).to_have_count(int(is_hidden))


def test_a_draft_is_offered_until_its_task_is_opened_again(page: Page, user: User) -> None:
    dialog = type_into(page, user)
    page.clock.install()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.clock.fast_forward(LONG)
    draft = page.get_by_role("button", name="Go on")
    expect(draft).to_be_visible()
    edit(page, "One").get_by_role("button", name="Cancel").click()
    expect(dialog).to_be_hidden()
    expect(draft).to_be_visible()  # as any offer, for a while
    page.clock.fast_forward(LONG)
    expect(draft).to_have_count(0)


def test_a_deletion_that_fails_loses_nothing_typed(page: Page, user: User) -> None:
    dialog = type_into(page, user)
    gone = {"code": "position_expired", "detail": "It is gone."}
    page.route(
        "**/api/v1/tasks/*/",
        lambda route: route.fulfill(status=410, json=gone, content_type="application/problem+json"),
    )
    dialog.get_by_role("button", name="Delete").click()
    expect(page.get_by_text(f"{quoted('One')} was not deleted.")).to_be_visible()
    go_on(page)
    expect(dialog.get_by_label("Description")).to_have_value("A long story")
