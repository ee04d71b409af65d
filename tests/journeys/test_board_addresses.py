"""The board, the account and the address between them: by links, by Back, by a reload."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.support.api import Api, User
from tests.support.board import (
    card,
    edit,
    log_in,
    log_out,
    open_account,
    register_user,
    save,
    titles,
)
from tests.support.server import Server

pytestmark = pytest.mark.parametrize("module_database", ["sqlite"], indirect=True)


@pytest.fixture
def page(module_server: Server, open_page: Callable[..., Page]) -> Page:
    return open_page(module_server.url)


user = pytest.fixture(register_user)


def test_a_dialog_is_over_the_account_too(page: Page, user: User) -> None:
    user.create_task("One")
    open_account(page)
    page.get_by_role("link", name="Back to the board").click()
    dialog = edit(page, "One")
    dialog.get_by_label("Title").fill("One, changed")
    page.go_back()
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.get_by_role("button", name="Go on").click()
    expect(dialog.get_by_label("Title")).to_have_value("One, changed")
    save(dialog)
    expect(dialog).to_be_hidden()
    page.get_by_role("link", name="Back to the board").click()
    expect(card(page, "One, changed")).to_be_visible()


def test_back_to_a_search_finds_it_also_after_a_reload(page: Page, user: User) -> None:
    for title in ("One", "Two"):
        user.create_task(title)
    page.get_by_label("Search").fill("two")
    page.wait_for_url("**/?search=two")
    open_account(page)
    page.reload()
    expect(page.locator("#account")).to_be_visible()
    page.go_back()
    expect(page.get_by_label("Search")).to_have_value("two")
    expect(titles(page, "TO DO")).to_have_text(["Two"])


def test_back_finds_also_what_was_typed_just_before(page: Page, user: User) -> None:
    user.create_task("Two")
    with page.expect_request("**search=two**"):  # a moment later
        page.get_by_label("Search").fill("two")
        open_account(page)
    assert page.url.endswith("/account")
    page.go_back()
    page.wait_for_url("**/?search=two")
    expect(page.get_by_label("Search")).to_have_value("two")


def test_back_shows_nobody_what_others_have_searched_for(page: Page, user: User) -> None:
    other = Api(user.transport).register()
    for one in (user, other):
        one.create_task("One")
    page.get_by_label("Search").fill("secret")
    page.wait_for_url("**/?search=secret")
    open_account(page)
    log_out(page)
    log_in(page, other.username)
    page.go_back()
    expect(titles(page, "TO DO")).to_have_text(["One"])
    expect(page.get_by_label("Search")).to_have_value("")
    assert "secret" not in page.url


@pytest.mark.usefixtures("user")
def test_the_account_is_there_with_a_slash_too(page: Page) -> None:
    page.goto(page.url.rstrip("/") + "/account/")
    expect(page.locator("#account")).to_be_visible()
    expect(page.locator("#board")).to_be_hidden()
