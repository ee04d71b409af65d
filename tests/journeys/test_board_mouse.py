"""The board by mouse: a task goes where it is dropped, whatever changes meanwhile."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.support.api import User, succeed
from tests.support.board import card, column, register_user, titles
from tests.support.server import Server

pytestmark = pytest.mark.parametrize("module_database", ["sqlite"], indirect=True)
TWO_FRAMES = "new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))"


@pytest.fixture
def page(module_server: Server, open_page: Callable[..., Page]) -> Page:
    return open_page(module_server.url)


@pytest.fixture
def user(page: Page) -> User:
    """Who is logged in on the page, and has five tasks to do."""
    user = register_user(page)
    for number in range(5):
        user.create_task(f"Task {number}")
    expect(titles(page, "TO DO")).to_have_count(5)
    return user


def drag(page: Page, title: str, status: str, lower: int = 0) -> None:
    """Take a task up and move it straight to another column, or so many pixels lower."""
    task, target = card(page, title).bounding_box(), column(page, status).bounding_box()
    assert task
    assert target
    x, y = task["x"] + 30, task["y"] + 10
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(target["x"] + 80, y + lower, steps=5)
    expect(card(page, title)).to_contain_class("dragged")


@pytest.mark.parametrize("lower", [0, 120])
def test_a_column_that_is_shorter_takes_what_is_dropped_beside_it(
    page: Page, user: User, lower: int
) -> None:
    drag(page, "Task 0", "DONE", lower)
    expect(column(page, "DONE")).to_contain_class("aimed")
    page.mouse.up()
    expect(titles(page, "DONE")).to_have_text(["Task 0"])


def test_what_is_held_stays_under_the_pointer(page: Page, user: User) -> None:
    drag(page, "Task 2", "DONE")
    held = page.locator(".dragged")
    before = held.bounding_box()
    user.create_task("New")
    succeed(user.patch(f"tasks/{held.get_attribute('data-id')}/", {"priority": "HIGH"}))
    expect(held.locator(".badge")).to_have_text("Changed")
    page.evaluate(TWO_FRAMES)
    assert held.bounding_box() == pytest.approx(before)
    page.mouse.up()
    expect(titles(page, "DONE")).to_have_text(["Task 2"])
    expect(titles(page, "TO DO").first).to_have_text("New")
