"""The admin pages, as a superuser uses them who sees a page."""

from playwright.sync_api import Page, expect

from tests.support.api import PASSWORD


def enter(page: Page, name: str) -> None:
    """Fill in and send the log-in, on whichever page that asks for it."""
    page.get_by_label("Username or e-mail").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()


def expect_log_in(page: Page) -> None:
    """Expect the log-in, and nothing of what is behind it."""
    expect(page.get_by_role("heading", name="Log in as a superuser")).to_be_visible()
    expect(page.get_by_role("link", name="Users")).to_have_count(0)


def find_user(page: Page, name: str) -> None:
    """Search for somebody and open their page."""
    page.get_by_role("link", name="Users", exact=True).click()
    page.get_by_label("Search").fill(name)
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name=name, exact=True).click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()
