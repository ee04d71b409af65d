"""The page of docs/client.md, on another origin: a live list in 15 lines of its own."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.docs.driving import CLIENTS, LURE, text_for
from tests.support.api import PASSWORD, User, register_at
from tests.support.browser import assert_fine, chromium, serve_pages
from tests.support.databases import ON_SQLITE
from tests.support.server import Server
from tests.support.settings import ROOT
from tests.support.waiting import wait_until

TOKEN = "Object.values(localStorage)[0]"


@pytest.fixture
def origin(tmp_path: Path) -> Iterator[str]:
    with serve_pages(tmp_path) as url:
        yield url


def test_it_stands_in_the_documentation_and_is_short() -> None:
    (shown,) = re.findall(
        r"```html\n(.*?)```", (ROOT / "docs" / "client.md").read_text(), re.DOTALL
    )
    assert shown == (CLIENTS / "live.html").read_text()
    (script,) = re.findall(r"<script.*?>\n(.*?)</script>", shown, re.DOTALL)
    assert len(script.splitlines()) <= 15


def expect_titles(page: Page, *titles: str) -> None:
    expect(page.locator("li")).to_have_text(titles)


@ON_SQLITE
def test_it_survives_kill_9_and_the_end_of_a_token(
    start_server: Callable[..., Server], origin: str, tmp_path: Path
) -> None:
    server = start_server(CORS_ORIGINS=origin, ACCESS_TOKEN_SECONDS=3)
    (tmp_path / "live.html").write_text(text_for(server, "live.html"))
    user: User = register_at(server.url)
    with chromium() as browser:
        context = browser.new_context()
        page, copy = context.new_page(), context.new_page()
        page.goto(f"{origin}/live.html{LURE}")
        page.get_by_label("Username").fill(user.username)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        expect(page.locator("#state")).to_have_text("live")
        copy.goto(f"{origin}/live.html{LURE}")  # a second tab is logged in too
        user.login(user.username).create_task("One")
        expect_titles(page, "One")
        expect_titles(copy, "One")
        server.kill()
        server.start()
        user.login(user.username).create_task("Two")
        token = page.evaluate(TOKEN)
        for tab in (page, copy):
            expect_titles(tab, "Two", "One")
            # Not by wait_for_function: it looks at each frame, and a tab behind may draw none.
            wait_until(lambda tab=tab: tab.evaluate(TOKEN) != token, what="a new token")
        user.login(user.username).create_task("Three")
        for tab in (page, copy):
            expect_titles(tab, "Three", "Two", "One")


@ON_SQLITE
def test_what_goes_wrong_is_said_and_no_password_is_in_the_address(
    start_server: Callable[..., Server], origin: str, tmp_path: Path, browser: Browser
) -> None:
    server = start_server(CORS_ORIGINS=origin)
    (tmp_path / "live.html").write_text(text_for(server, "live.html"))
    page = browser.new_page(viewport={"width": 390, "height": 800})
    page.goto(f"{origin}/live.html")
    state = page.get_by_role("status")
    expect(state).to_have_text("logged-out")
    assert_fine(page, 390)
    page.get_by_label("Username").fill("nobody")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_contain_text("wrong")
    user = register_at(server.url)
    page.get_by_label("Username").fill(user.username)
    page.get_by_role("button", name="Log in").click()
    expect(state).to_have_text("live")
    expect(page.get_by_role("alert")).to_be_empty()
    expect(page.get_by_label("Password")).to_have_value("")

    server.kill()
    page.reload()
    page.get_by_label("Username").fill(user.username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(state).to_have_text("The server cannot be reached; this page tries again.")
    assert page.url == f"{origin}/live.html"
    server.start()
    expect(state).to_have_text("live", timeout=20_000)
