"""What the board says of what was done, to who sees it and to who hears it."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.support.api import Api, User, through_http
from tests.support.board import add, register, save, titles
from tests.support.server import Server

pytestmark = pytest.mark.parametrize("module_database", ["sqlite"], indirect=True)


@pytest.fixture
def page(module_server: Server, open_page: Callable[..., Page]) -> Page:
    return open_page(module_server.url)


@pytest.fixture
def user(module_server: Server, page: Page) -> User:
    """Who is logged in on the page."""
    return Api(through_http(module_server.url)).login(register(page))


def test_a_new_task_is_told_of_also_where_a_filter_hides_it(page: Page, user: User) -> None:
    user.create_task("Water", status_task="DONE")
    add(page, "One")
    news = page.locator("#news")
    expect(news).to_have_text("“One” is added to To do.")
    page.get_by_label("Search").fill("water")
    expect(titles(page, "TO DO")).to_have_count(0)
    add(page, "Two")
    expect(news).to_have_text("“Two” is added to To do. The filters may hide it.")
    page.get_by_role("button", name="Details").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Title").fill("Three")
    dialog.get_by_label("Column").select_option("Done")
    save(dialog)
    expect(news).to_have_text("“Three” is added to Done. The filters may hide it.")
