"""The page of the account: what others change meanwhile, what is typed, and the way back."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.support.api import PASSWORD, Api, User, succeed
from tests.support.board import hold_reply, log_in, open_account, register_user, titles
from tests.support.server import Server

pytestmark = pytest.mark.parametrize("module_database", ["sqlite"], indirect=True)


@pytest.fixture
def page(module_server: Server, open_page: Callable[..., Page]) -> Page:
    return open_page(module_server.url, "status of 401")


user = pytest.fixture(register_user)


def save_profile(page: Page) -> None:
    page.get_by_role("button", name="Save the profile").click()
    expect(page.get_by_text("Saved.")).to_be_visible()


def test_a_form_that_is_old_puts_nothing_back(page: Page, user: User) -> None:
    new = {"email": f"new_{user.username}@example.com", "username": f"{user.username}_2"}
    user.patch("auth/profile/", {"email": new["email"]})
    open_account(page)
    expect(page.locator("#profile-email")).to_have_value(new["email"])
    user.patch("auth/profile/", {"username": new["username"]})  # the form does not hear of it
    page.get_by_label("First name").fill(" Ada ")
    save_profile(page)
    profile = succeed(user.get("auth/profile/"))
    assert profile | new | {"first_name": "Ada"} == profile
    for name, value in (*new.items(), ("first_name", "Ada")):
        expect(page.locator(f"#profile-{name}")).to_have_value(value)
    expect(page.locator("#who")).to_have_text(new["username"])


def test_who_deletes_the_account_is_not_told_that_a_session_has_ended(
    page: Page, user: User
) -> None:
    """The stream may end before the reply."""
    open_account(page)
    let_through = hold_reply(page, "**/auth/profile/delete/")
    page.locator("#deletion-password").fill(PASSWORD)
    page.get_by_role("button", name="Delete my account").click()
    expect(page.locator("#credentials")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)
    let_through()
    expect(page.get_by_text("Your account is deleted")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)


def test_an_older_list_of_sessions_does_not_take_the_place_of_a_newer(
    page: Page, user: User
) -> None:
    let_through = hold_reply(page, "**/auth/sessions/")
    with page.expect_request("**/auth/sessions/"):
        open_account(page)
    succeed(user.post("auth/logout/"))
    page.locator("#password-old_password").fill(PASSWORD)
    page.locator("#password-new_password_1").fill(f"{PASSWORD} 2")
    page.get_by_role("button", name="Change the password").click()
    rows = page.locator("#sessions li")
    expect(rows).to_have_count(1)
    with page.expect_response("**/auth/sessions/"):
        let_through()
    expect(page.get_by_text("All other sessions have ended.")).to_be_visible()
    expect(rows).to_have_count(1)


def test_what_is_typed_stays_where_the_account_changes(page: Page, user: User) -> None:
    open_account(page)
    tab = page.context.new_page()
    tab.goto(page.url)
    page.locator("#profile-email").fill("half@way")
    tab.get_by_label("Last name").fill("Lovelace")
    save_profile(tab)
    expect(page.get_by_label("Last name")).to_have_value("Lovelace")
    expect(page.locator("#profile-email")).to_have_value("half@way")
    page.get_by_role("link", name="Back to the board").click()
    open_account(page)
    expect(page.locator("#profile-email")).to_have_value("half@way")
    page.locator("#profile-email").fill(f"{user.username.upper()}@example.com")
    save_profile(page)
    expect(page.locator("#profile-email")).to_have_value(f"{user.username}@example.com")


def test_what_is_typed_is_nobody_elses(page: Page, user: User) -> None:
    other = Api(user.transport).register()
    open_account(page)
    page.get_by_label("First name").fill("Ada")
    succeed(user.delete("auth/sessions/"))
    log_in(page, other.username)
    expect(page.locator("#profile-email")).to_have_value(other.account["email"])
    expect(page.get_by_label("First name")).to_have_value("")


@pytest.mark.parametrize("way", ["Back to the board", "Board"])
def test_the_way_back_to_the_board_keeps_the_filters(page: Page, user: User, way: str) -> None:
    for title in ("One", "Two"):
        user.create_task(title)
    page.get_by_label("Search").fill("two")
    expect(page).to_have_url(re.compile(r"/\?search=two$"))
    open_account(page)
    page.get_by_role("link", name=way, exact=True).click()
    expect(page).to_have_url(re.compile(r"/\?search=two$"))
    page.reload()
    expect(titles(page, "TO DO")).to_have_text(["Two"])
