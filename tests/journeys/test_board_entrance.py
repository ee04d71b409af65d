"""Who comes in and who goes: log-in, registration, the account."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.support.api import PASSWORD, Api, register_at, succeed, through_http
from tests.support.board import log_in, open_account, register
from tests.support.server import Server

pytestmark = pytest.mark.parametrize("module_database", ["sqlite"], indirect=True)
Open = Callable[..., Page]
NEW = "another horse battery"
REFUSED = r"status of 4\d\d"  # Chromium tells of each


def test_the_rules_are_said_before_one_fails(module_server: Server, open_page: Open) -> None:
    page = open_page(module_server.url, REFUSED)
    page.get_by_role("radio", name="Register").check(force=True)
    expect(page.locator("#credentials")).to_contain_text("4 to 150 letters")
    expect(page.locator("#credentials")).to_contain_text("6 to 128 characters")
    page.locator("#credentials-username").fill("a b")
    page.locator("#credentials-email").fill("nowhere")
    page.locator("#credentials-password").fill("123456")
    page.get_by_role("button", name="Register").click()
    expect(page.locator("#credentials-username-error")).to_contain_text("4 to 150")
    expect(page.locator("#credentials-email-error")).not_to_be_empty()
    expect(page.locator("#credentials-username")).to_be_focused()
    page.locator("#credentials-username").fill("right")
    expect(page.locator("#credentials-username-error")).to_be_hidden()


def test_wrong_credentials_are_said(module_server: Server, open_page: Open) -> None:
    page = open_page(module_server.url, REFUSED)
    page.locator("#credentials-username").fill("nobody")
    page.locator("#credentials-password").fill("wrong password")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).not_to_be_empty()
    expect(page.locator("#credentials-username")).to_have_value("nobody")


@pytest.mark.parametrize(("stay", "store"), [(True, "localStorage"), (False, "sessionStorage")])
def test_who_stays_is_there_in_every_tab(
    module_server: Server, open_page: Open, stay: bool, store: str
) -> None:
    user = register_at(module_server.url)
    page = open_page(module_server.url)
    log_in(page, user.username, stay=stay)
    other = page.context.new_page()
    other.goto(module_server.url)
    expect(other.locator("#board" if stay else "#credentials")).to_be_visible()
    assert page.evaluate(f"{store}.length") == 1
    assert page.evaluate("localStorage.length + sessionStorage.length") == 1


def test_the_account(module_server: Server, open_page: Open) -> None:
    page = open_page(module_server.url, REFUSED)
    api = Api(through_http(module_server.url))
    name = register(page)
    api.login(name)
    open_account(page)
    expect(page.locator(".sessions li")).to_have_count(2)
    page.get_by_role("button", name="End the session").click()
    expect(page.locator(".sessions li")).to_have_count(1)

    page.get_by_label("First name").fill("Ada")
    page.locator("#profile-username").fill("no")
    page.get_by_role("button", name="Save the profile").click()
    expect(page.locator("#profile-username-error")).to_contain_text("4 to 150")
    page.locator("#profile-username").fill(f"{name}_2")
    page.get_by_role("button", name="Save the profile").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    expect(page.locator("#who")).to_have_text(f"{name}_2")

    page.get_by_label("Present password").fill("wrong password")
    page.get_by_label("New password").fill(NEW)
    page.get_by_role("button", name="Change the password").click()
    expect(page.locator("#password-old_password-error")).not_to_be_empty()
    page.get_by_label("Present password").fill(PASSWORD)
    page.get_by_role("button", name="Change the password").click()
    expect(page.get_by_text("All other sessions have ended.")).to_be_visible()
    assert succeed(api.login(f"{name}_2", NEW).get("auth/profile/"))["first_name"] == "Ada"

    page.go_back()
    expect(page.locator("#board")).to_be_visible()
    page.go_forward()
    page.locator("#deletion-password").fill(NEW)
    page.get_by_role("button", name="Delete my account").click()
    expect(page.locator("#credentials")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)
    credentials = {"username": f"{name}_2", "password": NEW}
    assert api.post("auth/login/", credentials).status == 401
