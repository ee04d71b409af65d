"""The board with 10,000 tasks: true counts, pages, and no long wait for the first."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from taskmaster.core import clock
from tests.support.api import User, succeed
from tests.support.board import add, column, expect_count, log_in, titles
from tests.support.databases import ON_SQLITE
from tests.support.server import Server

pytestmark = [
    pytest.mark.alone,
    ON_SQLITE,
]

COUNT = 10_000
STATUSES = ("TO DO", "IN PROGRESS", "DONE")
FIRST_PAINT = 5  # seconds, with all that the machine does beside


def fill(user: User) -> None:
    """Give a user tasks: a third in each column, a thousandth of a priority of its own."""
    for start in range(0, COUNT, 100):
        operations = [
            {"action": "create", "task": {
                "title": f"plan {number:05}",
                "status_task": STATUSES[number % 3],
                "priority": "MEDIUM" if number % 1000 else "HIGH",
            }}
            for number in range(start, start + 100)
        ]  # fmt: skip
        succeed(user.bulk(*operations))


def test_ten_thousand(server: Server, user: User, open_page: Callable[..., Page]) -> None:
    fill(user)
    page = open_page(server.url)
    begun = clock.monotonic()
    log_in(page, user.username)
    for status, count in zip(STATUSES, ("3,334", "3,333", "3,333"), strict=True):
        expect_count(page, status, count)
        expect(titles(page, status)).to_have_count(50)
    assert clock.monotonic() - begun < FIRST_PAINT
    column(page, "DONE").get_by_role("button", name="Show more").click()
    expect(titles(page, "DONE")).to_have_count(100)
    expect(titles(page, "DONE").last).to_have_text("plan 09701")

    add(page, "plan new")
    expect(titles(page, "TO DO").first).to_have_text("plan new")
    expect_count(page, "TO DO", "3,335")
    page.locator(".task", has_text="plan new").get_by_role("button", name="Move").click()
    expect(titles(page, "IN PROGRESS").first).to_have_text("plan new")
    expect_count(page, "TO DO", "3,334")
    expect_count(page, "IN PROGRESS", "3,334")
    expect_count(page, "DONE", "3,333")

    page.get_by_label("Search").fill("plan 0005")
    for status, count in zip(STATUSES, ("3", "3", "4"), strict=True):
        expect_count(page, status, count)
    page.get_by_label("Search").fill("")
    page.get_by_label("Priority").first.select_option("High priority")
    for status, count in zip(STATUSES, ("4", "3", "3"), strict=True):
        expect_count(page, status, count)
