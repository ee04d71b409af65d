"""The board, as somebody uses it who sees a page."""

import re
from collections.abc import Callable
from uuid import uuid4

from playwright.sync_api import APIResponse, Locator, Page, Route, expect

from tests.support.api import PASSWORD, Api, User, through_http
from tests.support.waiting import wait_until

SECOND = 1000  # milliseconds, within which a change shows elsewhere


def register(page: Page) -> str:
    """Register somebody on the page; return their name."""
    name = f"user_{uuid4().hex[:12]}"
    page.get_by_role("radio", name="Register").check(force=True)
    page.locator("#credentials-username").fill(name)
    page.locator("#credentials-email").fill(f"{name}@example.com")
    page.locator("#credentials-password").fill(PASSWORD)
    page.get_by_role("button", name="Register").click()
    expect_state(page, "Live")
    return name


def register_user(page: Page) -> User:
    """Register somebody on the page; return them, logged in elsewhere too."""
    name = register(page)
    return Api(through_http(page.evaluate("location.origin"))).login(name)


def log_in(page: Page, name: str, stay: bool = True) -> None:
    page.locator("#credentials-username").fill(name)
    page.locator("#credentials-password").fill(PASSWORD)
    page.get_by_role("checkbox", name="Stay logged in").set_checked(stay)
    page.get_by_role("button", name="Log in").click()
    expect_state(page, "Live")


def log_out(page: Page) -> None:
    page.get_by_role("button", name="Your account").click()
    page.get_by_role("button", name="Log out").click()


def open_account(page: Page) -> None:
    page.get_by_role("button", name="Your account").click()
    page.get_by_role("link", name="Account", exact=True).click()
    expect(page).to_have_url(re.compile(r"/account$"))


def hold_reply(page: Page, url: str) -> Callable[[], None]:
    """Let the server act on the next such request; return what lets its reply through."""
    held: list[tuple[Route, APIResponse]] = []
    page.route(url, lambda route: held.append((route, route.fetch())), times=1)

    def let_through() -> None:
        wait_until(lambda: page.evaluate("true") and held, what="the reply")
        route, response = held[0]
        route.fulfill(response=response)

    return let_through


def expect_state(page: Page, words: str) -> None:
    expect(page.locator("#state")).to_have_text(words, timeout=30_000)


def add(page: Page, title: str) -> None:
    page.get_by_label("Title of the new task").fill(title)
    page.get_by_role("button", name="Add").click()


def column(page: Page, status: str) -> Locator:
    return page.locator(f".column[data-status='{status}']")


def titles(page: Page, status: str) -> Locator:
    return column(page, status).locator(".title")


def card(page: Page, title: str) -> Locator:
    return page.locator(".task").filter(has_text=title)


def quoted(title: str) -> str:
    """A title as messages have it: its direction changes nothing around it."""
    return f"“\u2068{title}\u2069”"


def toast(page: Page, text: str) -> Locator:
    """A message that comes and goes."""
    return page.locator(".toast").filter(has_text=text)


def expect_count(page: Page, status: str, count: str) -> None:
    expect(column(page, status).locator(".count")).to_have_text(count)


def edit(page: Page, title: str) -> Locator:
    """Open the dialog of a task."""
    card(page, title).locator(".title").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    return dialog


def save(dialog: Locator) -> None:
    dialog.get_by_role("button", name="Save").click()
