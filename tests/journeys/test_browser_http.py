"""What a page of another origin gets from a real browser: its cache, and refusals it can read."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.support.api import User
from tests.support.browser import chromium, serve_pages
from tests.support.databases import ON_SQLITE
from tests.support.server import Server
from tests.support.values import UNKNOWN
from tests.support.waiting import wait_until

# What a browser does is the same on both databases; one is enough.
pytestmark = ON_SQLITE

ASK = """
async ([method, url, headers, body]) => {
    const reply = await fetch(url, {method, headers, body});
    return [reply.status, reply.headers.get("ETag"), await reply.json()];
}
"""
Ask = Callable[..., tuple[int, str, dict[str, Any]]]
LONG = "Water the plants. " * 200


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    """A page of somebody else's."""
    (tmp_path / "index.html").write_text("<!doctype html><title>Somebody else's</title>")
    with serve_pages(tmp_path) as origin, chromium() as browser:
        page = browser.new_page()
        page.goto(origin)
        yield page


@pytest.fixture
def server(start_server: Callable[..., Server], page: Page) -> Server:
    """A server that lets that page in."""
    return start_server(CORS_ORIGINS=page.url.rstrip("/"))


@pytest.fixture
def ask(server: Server, page: Page, user: User) -> Ask:
    """Have the page ask in the user's name; give status, tag and body as the page sees them."""

    def ask(method: str, path: str, body: Any = None, **headers: str) -> Any:
        sent = user.headers | {"Content-Type": "application/json"} | headers
        url = f"{server.url}/api/v1/{path}"
        return page.evaluate(ASK, [method, url, sent, json.dumps(body) if body else None])

    return ask


@pytest.mark.parametrize("description", [LONG, "Short"])
def test_the_cache_of_a_browser_works_with_the_tag(
    server: Server, user: User, ask: Ask, description: str
) -> None:
    task = user.create_task(description=description)
    path = f"tasks/{task['id']}/"
    first = ask("GET", path)
    assert first[2] == task
    assert ask("GET", path) == first
    wait_until(lambda: server.text().count('"status":304') == 1, what="one 304 in the log")
    status, changed, _ = ask("PATCH", path, {"title": "Two"}, **{"If-Match": first[1]})
    assert status == 200
    assert ask("PATCH", path, {"title": "Three"}, **{"If-Match": first[1]})[0] == 412
    status, tag, body = ask("GET", path)
    assert (status, tag, body["title"]) == (200, changed, "Two")


def test_a_page_can_read_why_it_was_refused(ask: Ask) -> None:
    for method, path in [("PATCH", f"tasks/{UNKNOWN}/"), ("PUT", "tasks/no-id/"), ("GET", "x")]:
        status, _, problem = ask(method, path, None if method == "GET" else {"title": "Two"})
        assert (status, problem["code"]) == (404, "not_found"), path
    status, _, problem = ask("DELETE", "tasks/")
    assert (status, problem["code"]) == (405, "method_not_allowed")
