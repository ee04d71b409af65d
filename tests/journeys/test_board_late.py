"""The board where a reply or an event comes late, and something else was done meanwhile."""

from collections.abc import Callable
from functools import partial

import pytest
from playwright.sync_api import Page, Route, WebSocketRoute, expect

from tests.support.api import Api, User, succeed
from tests.support.board import (
    add,
    edit,
    expect_state,
    hold_reply,
    log_in,
    log_out,
    open_account,
    register_user,
    save,
    titles,
    toast,
)
from tests.support.server import Server
from tests.support.waiting import wait_until

pytestmark = pytest.mark.parametrize("module_database", ["sqlite"], indirect=True)
TASKS, TASK = "**/api/v1/tasks/", "**/api/v1/tasks/*/"
PROFILE = "**/auth/profile/"


@pytest.fixture
def page(module_server: Server, open_page: Callable[..., Page]) -> Page:
    return open_page(module_server.url, "status of 4(01|04|22)")


user = pytest.fixture(register_user)


def hold_events(page: Page) -> Callable[[], None]:
    """Load the page again, and keep events of tasks on their way; return what lets them through."""
    held: list[Callable[[], None]] = []

    def follow(socket: WebSocketRoute) -> None:
        def take(message: str | bytes) -> None:
            send = partial(socket.send, message)
            held.append(send) if "task_update" in str(message) else send()

        socket.connect_to_server().on_message(take)

    def let_through() -> None:
        wait_until(lambda: page.evaluate("true") and held, what="an event")
        for send in held:
            send()

    page.route_web_socket("**/socket.io/**", follow)
    page.reload()
    expect_state(page, "Live")
    return let_through


def test_what_is_typed_while_a_change_is_saved_can_be_saved_too(page: Page, user: User) -> None:
    user.create_task("One")
    dialog = edit(page, "One")
    dialog.get_by_label("Description").fill("First")
    let_through = hold_reply(page, TASK)
    with page.expect_request(TASK):
        save(dialog)
    dialog.get_by_label("Title").fill("Two")
    with page.expect_response(TASK):
        let_through()
    expect(dialog.locator("form")).not_to_have_attribute("aria-busy", "true")
    expect(dialog.get_by_label("Title")).to_have_value("Two")
    save(dialog)
    expect(titles(page, "TO DO")).to_have_text(["Two"])
    (task,) = succeed(user.get("tasks/"))["results"]
    assert (task["title"], task["description"]) == ("Two", "First")


def test_what_is_typed_while_a_task_is_made_is_typed_into_it(page: Page, user: User) -> None:
    page.get_by_role("button", name="Details").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Title").fill("One")
    let_through = hold_reply(page, TASKS)
    with page.expect_request(TASKS):
        save(dialog)
    dialog.get_by_label("Description").fill("More")
    let_through()
    expect(dialog.get_by_role("heading", name="Task", exact=True)).to_be_visible()
    save(dialog)
    expect(dialog).to_be_hidden()
    (task,) = succeed(user.get("tasks/"))["results"]
    assert (task["title"], task["description"]) == ("One", "More")


def test_a_dialog_that_is_opened_before_the_event_hears_of_it(page: Page, user: User) -> None:
    user.create_task("One", description="Old")
    let_through = hold_events(page)
    dialog = edit(page, "One")
    dialog.get_by_label("Description").fill("New")
    save(dialog)
    expect(dialog).to_be_hidden()
    edit(page, "One").get_by_label("Title").fill("Two")
    expect(dialog.get_by_label("Description")).to_have_value("Old")
    let_through()
    expect(dialog.get_by_label("Description")).to_have_value("New")
    expect(dialog.get_by_label("Title")).to_have_value("Two")
    expect(dialog.get_by_text("elsewhere")).to_have_count(0)


@pytest.mark.parametrize("fails", [False, True])
def test_nobody_else_is_told_what_has_become_of_a_move(page: Page, user: User, fails: bool) -> None:
    user.create_task("One")
    other = Api(user.transport).register()
    held: list[Route] = []
    page.route(TASK, lambda route: held.append(route), times=1)
    with page.expect_request(TASK):
        page.get_by_role("button", name="Move One to In progress").click()
    log_out(page)
    log_in(page, other.username)
    page.evaluate("""() => {
        self.told = [];
        const note = () => told.push(document.querySelector("#news").textContent);
        new MutationObserver(note).observe(document.querySelector("#news"), { childList: true });
    }""")
    with page.expect_response(TASK):
        if fails:
            refusal = {"code": "not_found", "detail": "It is gone."}
            held[0].fulfill(status=404, json=refusal, content_type="application/problem+json")
        else:
            held[0].fulfill(json={})
    add(page, "Two")
    expect(titles(page, "TO DO")).to_have_text(["Two"])
    page.wait_for_function("told.some((text) => text.includes('Two'))")
    assert not [text for text in page.evaluate("told") if "One" in text]
    assert toast(page, "One").count() == 0


def test_the_list_of_sessions_leaves_the_focus_to_who_is_elsewhere(page: Page, user: User) -> None:
    open_account(page)
    rows = page.locator("#sessions li")
    expect(rows).to_have_count(2)
    let_through = hold_reply(page, "**/auth/sessions/")
    with page.expect_request("**/auth/sessions/"):
        page.get_by_role("button", name="End all others").click()
    page.get_by_label("First name").focus()
    let_through()
    expect(rows).to_have_count(1)
    refuse_password(page)
    expect(page.get_by_label("First name")).to_be_focused()


def refuse_password(page: Page) -> None:
    """Ask for what is refused: whatever was answered before has been taken by then."""
    page.evaluate("""() => {
        const form = document.querySelector("#password");
        for (const name of ["old_password", "new_password_1"]) form.elements[name].value = "no";
        form.requestSubmit();
    }""")
    expect(page.locator("#password [data-for]:not([hidden])").first).to_be_visible()


def test_an_older_profile_does_not_take_the_place_of_a_newer(page: Page, user: User) -> None:
    let_through = hold_reply(page, PROFILE)
    with page.expect_request(PROFILE):
        open_account(page)
    name = f"{user.username}_2"
    page.locator("#profile-username").fill(name)
    page.get_by_role("button", name="Save the profile").click()
    expect(page.locator("#who")).to_have_text(name)
    with page.expect_response(PROFILE):
        let_through()
    refuse_password(page)
    expect(page.locator("#who")).to_have_text(name)
