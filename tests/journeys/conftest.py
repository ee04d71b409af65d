"""What several journeys use."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.support.api import User, register_at
from tests.support.browser import PATIENCE, Complaints, chromium
from tests.support.javascript import JavaScript
from tests.support.server import Server

WIDE = {"width": 1280, "height": 800}
NOT_THERE = "status of 404"


@pytest.fixture
def user(server: Server) -> User:
    """Somebody new on the server."""
    return register_at(server.url)


@pytest.fixture
def js() -> Iterator[JavaScript]:
    """A Node that has the JavaScript client."""
    node = JavaScript()
    yield node
    node.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser that the tests of one module share."""
    with chromium() as browser:
        yield browser


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Open pages, each in a browser profile of its own: `open_page(url, timezone_id="Asia/Tokyo")`.

    None may complain of anything but what matches `expected`.
    """
    opened: list[Complaints] = []

    def open_page(url: str, expected: str = "", **options: Any) -> Page:
        context = browser.new_context(**{"viewport": WIDE} | options)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        opened.append(Complaints(page, url, expected))
        page.goto(url)
        return page

    yield open_page
    found = [complaint for complaints in opened for complaint in complaints.found]
    for complaints in opened:
        complaints.page.context.close()
    assert found == []


@pytest.fixture(params=["light", "dark"])
def scheme(request: pytest.FixtureRequest) -> str:
    """The colours that the reader prefers."""
    return str(request.param)


@pytest.fixture(params=[1280, 390, 320])
def width(request: pytest.FixtureRequest) -> int:
    """The width of the reader's window."""
    return int(request.param)


@pytest.fixture
def open_in(open_page: Callable[..., Page], width: int, scheme: str) -> Callable[[str], Page]:
    """Open a page in this size and these colours, without motion."""
    options = {
        "viewport": {"width": width, "height": 800},
        "color_scheme": scheme,
        "reduced_motion": "reduce",
    }
    return lambda url: open_page(url, NOT_THERE, **options)
