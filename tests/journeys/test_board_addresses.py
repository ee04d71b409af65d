"""The board, the account and the address between them: by links, by Back, by a reload."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.support.api import User
from tests.support.board import card, edit, open_account, register_user, save
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
