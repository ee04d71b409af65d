"""The board of several windows: live, apart, through crashes, outages and the end of tokens."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.api import Api, User, through_http
from tests.support.board import (
    SECOND,
    add,
    card,
    edit,
    expect_count,
    expect_state,
    log_in,
    log_out,
    quoted,
    register,
    save,
    titles,
    toast,
)
from tests.support.browser import OUTAGE
from tests.support.databases import ON_SQLITE
from tests.support.server import Server
from tests.support.waiting import wait_until

pytestmark = ON_SQLITE
Open = Callable[..., Page]
SOON = 2 * SECOND  # the machine is shared: a change is there within half of it
LEEWAY = 10  # seconds for which a token that was replaced is no theft
EXPIRED = r"status of 401"  # what Chromium says of a token that has to be refreshed
TOKENS = "Object.values({...sessionStorage, ...localStorage}).join()"


def call_as(server: Server, name: str) -> User:
    return Api(through_http(server.url)).login(name)


@pytest.mark.alone
def test_each_change_shows_in_the_other_window_within_a_second(
    server: Server, open_page: Open
) -> None:
    one, other, third = (open_page(server.url) for _ in range(3))
    name = register(one)
    log_in(other, name)
    register(third)
    add(one, "Water")
    expect(titles(other, "TO DO")).to_have_text(["Water"], timeout=SOON)
    expect(card(other, "Water").locator(".badge")).to_have_text("New")
    expect(card(one, "Water").locator(".badge")).to_be_hidden(timeout=SOON)
    card(other, "Water").get_by_role("button", name="Move Water to In progress").click()
    expect(titles(one, "IN PROGRESS")).to_have_text(["Water"], timeout=SOON)
    dialog = edit(one, "Water")
    dialog.get_by_label("Title").fill("Water all")
    save(dialog)
    expect(titles(other, "IN PROGRESS")).to_have_text(["Water all"], timeout=SOON)
    expect(card(other, "Water all").locator(".badge")).to_have_text("Changed")
    card(other, "Water all").get_by_role("button", name="Delete").click()
    expect(one.locator(".task")).to_have_count(0, timeout=SOON)
    expect(one.locator("#news")).to_contain_text(f"Deleted elsewhere: {quoted('Water all')}.")
    expect(card(other, "Water all")).to_have_count(0)
    expect(third.locator(".task")).to_have_count(0)
    expect(third.locator("#news")).to_be_empty(timeout=SOON)


def edit_one(
    server: Server, open_page: Open, **fields: Any
) -> tuple[Page, User, dict[str, Any], Locator]:
    """Open the only task of a new user; return the page, the user, the task and the dialog."""
    page = open_page(server.url)
    user = call_as(server, register(page))
    return page, user, user.create_task("One", **fields), edit(page, "One")


def test_two_who_edit_one_task_lose_nothing(server: Server, open_page: Open) -> None:
    page, user, task, dialog = edit_one(server, open_page)
    dialog.get_by_label("Description").fill("Mine")
    user.patch(f"tasks/{task['id']}/", {"title": "Theirs", "priority": "HIGH"})
    expect(dialog.get_by_label("Title")).to_have_value("Theirs")
    user.patch(f"tasks/{task['id']}/", {"description": "Theirs too"})
    expect(dialog.locator("#elsewhere")).to_contain_text("Save overwrites it with what you typed")
    save(dialog)
    expect(card(page, "Theirs")).to_contain_text("Mine")
    dialog = edit(page, "Theirs")
    dialog.get_by_label("Title").fill("Kept")
    user.delete(f"tasks/{task['id']}/")
    expect(dialog.locator("#elsewhere")).to_contain_text("deleted elsewhere")
    save(dialog)
    expect(card(page, "Kept")).to_contain_text("Mine")


def test_a_task_that_is_brought_back_elsewhere_is_saved_and_not_doubled(
    server: Server, open_page: Open
) -> None:
    page, user, task, dialog = edit_one(server, open_page, priority="HIGH")
    dialog.get_by_label("Description").fill("Typed")
    dialog.get_by_label("Priority").select_option("Medium")
    user.delete(f"tasks/{task['id']}/")
    expect(dialog.locator("#elsewhere")).to_contain_text("Save creates a new task")
    user.post(f"tasks/{task['id']}/restore/")
    expect(dialog.locator("#elsewhere")).to_have_text(
        "This task was deleted and brought back elsewhere."
    )
    expect(dialog.get_by_role("button", name="Delete")).to_be_visible()
    save(dialog)
    expect(card(page, "One")).to_contain_text("Typed")
    (saved,) = user.get("tasks/").json["results"]
    assert (saved["id"], saved["priority"]) == (task["id"], "MEDIUM")


def test_a_draft_of_a_task_that_comes_back_is_of_that_task(server: Server, open_page: Open) -> None:
    page, user, task, dialog = edit_one(server, open_page)
    dialog.get_by_label("Description").fill("Typed")
    user.delete(f"tasks/{task['id']}/")
    expect(dialog.locator("#elsewhere")).to_contain_text("Save creates a new task")
    dialog.press("Escape")
    user.post(f"tasks/{task['id']}/restore/")
    expect(card(page, "One")).to_be_visible()
    page.get_by_role("button", name="Go on").click()
    save(dialog)
    expect(card(page, "One")).to_contain_text("Typed")
    assert [one["id"] for one in user.get("tasks/").json["results"]] == [task["id"]]


def test_both_catch_up_after_a_crash_and_nothing_typed_is_lost(
    server: Server, open_page: Open
) -> None:
    one, other = (open_page(server.url, OUTAGE) for _ in range(2))
    name = register(one)
    log_in(other, name)
    add(one, "Before")
    expect(titles(other, "TO DO")).to_have_text(["Before"])
    server.kill()
    for page in (one, other):
        expect_state(page, "Offline")
        expect(page.locator("#outage")).to_contain_text("changes cannot be saved now")
    dialog = edit(one, "Before")
    dialog.get_by_label("Title").fill("Edited offline")
    save(dialog)
    failure = dialog.get_by_role("alert")
    expect(failure).to_contain_text("The server cannot be reached now. What you typed stays here")
    card(other, "Before").get_by_role("button", name="Move Before to In progress").click()
    refused = toast(other, f"{quoted('Before')} was not moved.")
    expect(refused).to_be_visible()
    expect(titles(other, "TO DO")).to_have_text(["Before"])

    server.restart()
    call_as(server, name).create_task("While away", status_task="DONE")
    for page in (one, other):
        expect_state(page, "Live")
        expect(page.locator("#outage")).to_be_hidden()
        expect(titles(page, "DONE")).to_have_text(["While away"])
        expect(page.get_by_text("cannot be reached")).to_have_count(0, timeout=SECOND)
    save(dialog)
    expect(titles(other, "TO DO")).to_have_text(["Edited offline"])
    expect_count(other, "TO DO", "1")


def test_a_browser_without_network_says_so_at_once(server: Server, open_page: Open) -> None:
    page = open_page(server.url, OUTAGE)
    user = call_as(server, register(page))
    # The event alone: the connection itself stands, as it does for a while where a cable is pulled.
    said = page.evaluate("dispatchEvent(new Event('offline')), state.textContent")
    assert said == "Offline"
    expect_state(page, "Live")
    page.context.set_offline(True)
    expect(page.locator("#state")).to_have_text("Offline", timeout=5 * SECOND)
    add(page, "Typed offline")
    expect(page.locator("#creation").get_by_role("alert")).to_contain_text("What you typed stays")
    user.create_task("Meanwhile")
    page.context.set_offline(False)
    expect(titles(page, "TO DO")).to_have_text(["Meanwhile"])
    expect_state(page, "Live")
    page.get_by_role("button", name="Add").click()
    expect(titles(page, "TO DO")).to_have_text(["Typed offline", "Meanwhile"])


def test_tabs_share_a_session_and_its_end_is_no_error(server: Server, open_page: Open) -> None:
    page = open_page(server.url, EXPIRED)
    name = register(page)
    other = page.context.new_page()
    other.goto(server.url)
    expect_state(other, "Live")
    log_out(page)
    for tab in (page, other):
        expect(tab.locator("#credentials")).to_be_visible()
        expect(tab.get_by_role("alert")).to_have_count(0, timeout=SECOND)
        assert tab.evaluate(f"{TOKENS}.length + document.cookie.length") == 0
    log_in(page, name)
    expect_state(other, "Live")
    call_as(server, name).delete("auth/sessions/")
    for tab in (page, other):
        expect(tab.get_by_role("alert")).to_contain_text("Your session has ended")
        assert tab.evaluate(f"{TOKENS}.length") == 0


@pytest.fixture
def short_lived(start_server: Callable[..., Server]) -> Server:
    """A server whose access tokens live for three seconds."""
    return start_server(ACCESS_TOKEN_SECONDS=3)


def test_a_tab_that_slept_beyond_its_token_goes_on(short_lived: Server, open_page: Open) -> None:
    page = open_page(short_lived.url, EXPIRED)
    name = register(page)
    access = page.evaluate("JSON.parse(Object.values(localStorage)[0]).access")
    sleep = page.context.new_cdp_session(page)
    sleep.send("Page.setWebLifecycleState", {"state": "frozen"})
    asleep = User(through_http(short_lived.url), {"tokens": {"access": access, "refresh": ""},
                                                  "id": "", "username": name})  # fmt: skip
    wait_until(lambda: asleep.get("tasks/").status == 401, what="the end of the token")
    call_as(short_lived, name).create_task("While asleep")
    sleep.send("Page.setWebLifecycleState", {"state": "active"})
    expect(titles(page, "TO DO")).to_have_text(["While asleep"])
    expect_state(page, "Live")
    add(page, "Awake")
    expect(titles(page, "TO DO")).to_have_text(["Awake", "While asleep"])


def test_a_duplicated_tab_is_not_taken_for_theft(short_lived: Server, open_page: Open) -> None:
    """It starts with a copy of sessionStorage: two tabs, one refresh token."""
    page = open_page(short_lived.url, EXPIRED)
    name = register(page)
    log_out(page)
    log_in(page, name, stay=False)
    with page.expect_popup() as opened:
        page.evaluate("void window.open(location.href)")
    copy = opened.value
    expect_state(copy, "Live")
    wait_until(lambda: copy.evaluate(TOKENS) == page.evaluate(TOKENS), what="the same tokens")
    begun, first = page.evaluate(f"[Date.now(), {TOKENS}]")
    wait = f"() => Date.now() - {begun} > {1000 * (LEEWAY + 2)} && {TOKENS} !== '{first}'"
    # Not by wait_for_function: it looks at each frame, and a tab behind another may draw none.
    wait_until(lambda: page.evaluate(wait), seconds=40, what="new tokens after the leeway")
    for tab, title in ((page, "One"), (copy, "Two")):
        add(tab, title)
        expect(titles(tab, "TO DO").filter(has_text=title)).to_be_visible()
        expect_state(tab, "Live")
    assert page.evaluate("localStorage.length") == 0
