"""The examples for browsers, as they stand in docs/clients, on another origin than the API."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route

from taskmaster.site.assets import SOCKET_IO, STATIC
from tests.docs.driving import LURE, drive_through_a_crash, text_for
from tests.support.api import User
from tests.support.browser import chromium, serve_pages
from tests.support.databases import ON_SQLITE
from tests.support.server import Server

# What a browser does is the same on both databases; one is enough.
pytestmark = ON_SQLITE

POLLED = """
performance.getEntriesByType('resource').some(({name}) => name.includes('transport=polling'))
"""


@pytest.fixture
def origin(tmp_path: Path) -> Iterator[str]:
    """A web server of somebody else's, for the pages in `tmp_path`."""
    with serve_pages(tmp_path) as url:
        yield url


@pytest.fixture
def server(start_server: Callable[..., Server], origin: str) -> Server:
    """A server that lets pages of that origin in."""
    return start_server(CORS_ORIGINS=origin)


def serve_bundle(page: Page) -> None:
    """Answer for the CDN with the installed file: its hash must be the one in the example."""

    def answer(route: Route) -> None:
        headers = {"Access-Control-Allow-Origin": "*"}
        route.fulfill(path=STATIC / "vendor" / SOCKET_IO.file, headers=headers)

    page.route(SOCKET_IO.cdn_url, answer)


def with_transports(text: str, transports: list[str] | None) -> str:
    """Return an example with other transports of Socket.IO's than the one it names."""
    if transports is None:
        return text
    assert 'transports: ["websocket"]' in text
    return text.replace('transports: ["websocket"]', f"transports: {json.dumps(transports)}")


@pytest.mark.parametrize(
    ("example", "transports"),
    [
        ("socketio.html", ["websocket"]),
        ("socketio.html", ["polling"]),
        ("socketio.html", ["polling", "websocket"]),
        ("websocket.html", None),
    ],
)
def test_it_goes_on_after_the_server_was_killed(
    server: Server, user: User, origin: str, tmp_path: Path,
    example: str, transports: list[str] | None,
) -> None:  # fmt: skip
    (tmp_path / example).write_text(with_transports(text_for(server, example), transports))
    with chromium() as browser:
        page = browser.new_page()
        serve_bundle(page)
        page.add_init_script(f"sessionStorage.token = {json.dumps(user.access)}")
        page.goto(f"{origin}/{example}{LURE}")
        page.wait_for_function("localStorage.position === '0'")
        lines = page.locator("#events li")
        drive_through_a_crash(
            server, user, lambda: [json.loads(text)["seq"] for text in lines.all_text_contents()]
        )
        assert page.evaluate(POLLED) is ("polling" in (transports or ()))
