"""The page behind a link to set a password: what it sends, and what it says where that fails."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.support.api import PASSWORD
from tests.support.server import Server

pytestmark = pytest.mark.parametrize("module_database", ["sqlite"], indirect=True)
CALL = "**/api/v1/auth/password/"
PROBLEM = "application/problem+json"
BUSY = '{"code": "too_many_requests", "detail": "Too many tries."}'


@pytest.fixture
def page(module_server: Server, open_page: Callable[..., Page]) -> Page:
    return open_page(f"{module_server.url}/set-password#the.token", "status of (401|429|502)")


def press(page: Page) -> None:
    page.get_by_label("New password").fill(PASSWORD)
    page.get_by_role("button", name="Set the password").click()


def open_link(page: Page, token: str) -> None:
    """Open another link in the same tab, which changes only the fragment."""
    with page.expect_event("load"):
        page.evaluate("(token) => { location.hash = token }", token)


def test_the_token_outlives_the_link_to_the_content(page: Page) -> None:
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/set-password#main")
    page.route(CALL, lambda route: route.fulfill(json={"detail": "It is set."}))
    with page.expect_request(CALL) as sent:
        press(page)
    assert sent.value.post_data_json == {"token": "the.token", "password": PASSWORD}
    done = page.get_by_text("Your password is set.")
    expect(done).to_be_focused()
    open_link(page, "of.somebody.else")
    expect(page.get_by_label("New password")).to_be_visible()
    expect(done).to_be_hidden()


@pytest.mark.parametrize(
    ("status", "kind", "body", "said"),
    [
        (429, PROBLEM, BUSY, "Too many tries. Try again in 7 seconds."),
        (502, "text/html", "<h1>Bad Gateway</h1>", "an answer that is not understood (502)"),
    ],
)
def test_a_failure_is_said(page: Page, status: int, kind: str, body: str, said: str) -> None:
    headers = {"Retry-After": "7", "Content-Type": kind}
    page.route(CALL, lambda route: route.fulfill(status=status, headers=headers, body=body))
    press(page)
    expect(page.get_by_role("alert")).to_contain_text(said)


def test_a_link_without_its_token_is_not_complete(page: Page) -> None:
    open_link(page, "")
    press(page)
    expect(page.get_by_role("alert")).to_contain_text("This link is not complete.")
    open_link(page, "another.token")
    press(page)
    expect(page.get_by_role("alert")).to_contain_text("This token is not valid.")
