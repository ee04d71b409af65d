"""The board, the account and the address between them: by links, by Back, by a reload."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.support.api import User
from tests.support.board import card, edit, open_account, register_user, save, titles
from tests.support.server import Server

pytestmark = pytest.mark.parametrize("module_database", ["sqlite"], indirect=True)


@pytest.fixture
def page(module_server: Server, open_page: Callable[..., Page]) -> Page:
    return open_page(module_server.url)


@pytest.fixture
def user(page: Page) -> User:
    """Who is logged in on the page."""
    return register_user(page)


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


@pytest.mark.usefixtures("user")
def test_the_account_is_there_with_a_slash_too(page: Page) -> None:
    page.goto(page.url.rstrip("/") + "/account/")
    expect(page.locator("#account")).to_be_visible()
    expect(page.locator("#board")).to_be_hidden()
