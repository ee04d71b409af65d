"""What is too long is refused beside its field; nothing that is pasted is cut."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.support.api import PASSWORD
from tests.support.board import add, edit, open_account, register, save
from tests.support.server import Server

pytestmark = pytest.mark.parametrize("module_database", ["sqlite"], indirect=True)
LONG = 129 * "x"
REFUSAL = re.compile("Longer than|Length must be")


@pytest.fixture
def page(module_server: Server, open_page: Callable[..., Page]) -> Page:
    return open_page(module_server.url, "status of 4(01|22)")


def paste(page: Page, field: str, text: str) -> None:
    """Put text into a field as the keyboard or the clipboard does: `maxlength` would cut it."""
    page.locator(f"#{field}").fill("")
    page.locator(f"#{field}").focus()
    page.keyboard.insert_text(text)


def expect_refusal(page: Page, field: str) -> None:
    expect(page.locator(f"#{field}-error")).to_have_text(REFUSAL)


@pytest.mark.parametrize("mode", ["Log in", "Register"])
def test_at_the_entrance(page: Page, mode: str) -> None:
    page.get_by_role("radio", name=mode).check(force=True)
    page.locator("#credentials-username").fill("somebody")
    if mode == "Register":
        page.locator("#credentials-email").fill("somebody@example.com")
    paste(page, "credentials-password", LONG)
    page.get_by_role("button", name=mode).click()
    expect_refusal(page, "credentials-password")


def test_in_a_task(page: Page) -> None:
    register(page)
    add(page, 101 * "x")
    expect(page.locator("#creation-error")).to_have_text(REFUSAL)
    add(page, "One")
    dialog = edit(page, "One")
    for field, text in {"title": 101 * "x", "description": 10_001 * "x"}.items():
        paste(page, f"editor-{field}", text)
    save(dialog)
    for field in ("title", "description"):
        expect_refusal(page, f"editor-{field}")


def test_in_the_account(page: Page) -> None:
    register(page)
    open_account(page)
    for field, button in {
        "profile-first_name": "Save the profile",
        "profile-last_name": "Save the profile",
        "password-old_password": "Change the password",
        "password-new_password_1": "Change the password",
        "deletion-password": "Delete my account",
    }.items():
        page.locator("#password-old_password").fill(PASSWORD)
        page.locator("#password-new_password_1").fill("another horse battery")
        paste(page, field, 2 * LONG)
        page.get_by_role("button", name=button).click()
        expect_refusal(page, field)


def test_behind_a_link_to_set_a_password(module_server: Server, page: Page) -> None:
    page.goto(f"{module_server.url}/set-password#token")
    paste(page, "password-password", LONG)
    page.get_by_role("button", name="Set the password").click()
    expect_refusal(page, "password-password")
