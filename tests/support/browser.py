"""A headless Chromium, and pages that must not complain."""

import os
import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from tests.support.settings import ROOT

PATIENCE = 20_000  # milliseconds that an action or an expected sight may take
expect.set_options(timeout=PATIENCE)
OPTIONS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)


# What Chromium itself says of a server that is away.
OUTAGE = r"ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|ERR_INTERNET_DISCONNECTED"

AXE = ROOT / "node_modules/axe-core/axe.min.js"
FINDINGS = """
axe.run().then(({violations}) => violations.flatMap(({id, nodes}) => nodes.map(
  ({html, failureSummary}) => `${id}: ${html} ${failureSummary}`)))
"""

# What stands out of the page, or of a dialog over it; what does so on the left is out of reach.
CUT = """
[document.documentElement, ...document.querySelectorAll("dialog[open]")].flatMap((whole) => {
  const left = whole.getBoundingClientRect().left + whole.clientLeft;
  const isOut = (one) => one.checkVisibility() && one.getBoundingClientRect().left < left - 1;
  const found = [...whole.querySelectorAll("*")].filter(isOut);
  if (whole.scrollWidth > whole.clientWidth) found.push(whole);
  return found.map((one) => one.outerHTML.slice(0, 200));
})
"""


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run the machine's own Chromium; CHROMIUM names another one."""
    names = ("chromium", "chromium-browser", "google-chrome")
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    assert found, "Chromium is needed: install it, or name it in CHROMIUM"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=OPTIONS.split())
        yield browser
        browser.close()


def assert_fine(page: Page, width: int) -> None:
    """Assert that axe finds nothing, that all fits, and that scripts see no cookie."""
    page.evaluate(AXE.read_text())
    assert page.evaluate(FINDINGS) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(CUT) == []
    assert page.evaluate("document.cookie") == ""


class Quiet(SimpleHTTPRequestHandler):
    """Serves files and logs nothing."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serve_pages(directory: Path) -> Iterator[str]:
    """Serve the files of a directory as somebody else's origin; give its URL."""
    handler = partial(Quiet, directory=str(directory))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as pages:
        threading.Thread(target=pages.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{pages.server_port}"
        finally:
            pages.shutdown()


class Complaints:
    """What a page said that a user should never cause: errors, and requests to other hosts."""

    def __init__(self, page: Page, url: str, expected: str = "") -> None:
        """`url` is on the only host that the page may ask; errors with `expected` are none."""
        self.found: list[str] = []
        self.page = page
        self._expected = re.compile(expected or r"(?!)")
        own = "{0.scheme}://{0.netloc}".format(urlsplit(url))
        self._own = (own, own.replace("http", "ws", 1), "blob:", "data:")
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.found.append(f"uncaught: {error}"))
        page.on("request", lambda request: self._see(request.url))
        page.on("websocket", lambda socket: self._see(socket.url))

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not self._expected.search(message.text):
            self.found.append(f"{message.type}: {message.text}")

    def _see(self, url: str) -> None:
        if not url.startswith(self._own):
            self.found.append(f"asked {url}")
