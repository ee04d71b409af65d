"""Record live.webp from the real board: `python -m docs.img.record` (it needs Chromium)."""

import struct
from base64 import b64decode, b64encode
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, Page

from tests.support.api import PASSWORD, Api, through_http
from tests.support.browser import chromium
from tests.support.databases import SQLiteTemplate
from tests.support.server import Server

TARGET = Path(__file__).with_name("live.webp")
SIZE = {"width": 960, "height": 580}
WINDOWS = (  # width, height and scheme of each
    (600, 480, "light"),
    (300, 480, "dark"),
)
QUALITY = 60
STAGE = """
<style>
  body { margin: 0; padding: 16px 20px; background: #2b2f40; color: #e6e8f0; }
  body { font: 17px/1.4 ui-monospace, monospace; }
  div { display: flex; gap: 20px; }
  figure { margin: 0; border-radius: 10px; overflow: hidden; box-shadow: 0 6px 20px #0008; }
  figure::before { content: "● ● ●"; display: block; padding: 2px 10px; }
  figure::before { background: #d9dce6; color: #8b90a3; }
  img { display: block; }
  p { margin: 14px 2px 0; white-space: pre; }
</style>
"""


def main() -> None:
    """Play the scenes on a server of its own, and write what was seen."""
    with TemporaryDirectory() as directory, chromium() as browser:
        database = SQLiteTemplate(Path(directory)).create()
        server = Server(database.url, Path(directory) / "log")
        server.start()
        try:
            frames = list(scenes(server, browser))
        finally:
            server.stop()
    TARGET.write_bytes(animation(frames))
    print(f"{TARGET.name}: {TARGET.stat().st_size // 1024} KiB, {len(frames)} frames")


def scenes(server: Server, browser: Browser) -> Iterator[tuple[bytes, int]]:
    """Yield pictures, each with how many milliseconds it stays."""
    stage = browser.new_page(viewport=SIZE)
    ada = Api(through_http(server.url)).register("ada_l")
    ada.create_task("Book a table")
    plants = ada.create_task("Water the plants", priority="HIGH")
    pages = [open_board(browser, server, *window) for window in WINDOWS]

    def show(caption: str, milliseconds: int, *texts: str) -> tuple[bytes, int]:
        for page in pages:
            for text in texts:
                page.get_by_text(text, exact=True).first.wait_for()
            page.wait_for_timeout(600)  # what moves comes to rest
        return picture(stage, pages, caption), milliseconds

    yield show("# two windows of one user", 2500, "Water the plants")
    ada.create_task("Call Bob")
    yield show('$ curl $API/tasks/ -d \'{"title": "Call Bob"}\'', 2500, "Call Bob")
    ada.patch(f"tasks/{plants['id']}/", {"status_task": "DONE"})
    yield show('$ curl -X PATCH $API/tasks/$ID/ -d \'{"status_task": "DONE"}\'', 2500)
    server.kill()
    yield show("$ kill -9 $SERVER", 3000)
    server.start()
    Api(through_http(server.url)).login("ada_l").create_task("While you were away")
    yield show("$ make run     # and a change at once", 3500, "While you were away")


def open_board(browser: Browser, server: Server, width: int, height: int, scheme: str) -> Page:
    """Open a window on the board and log in."""
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=scheme,  # type: ignore[arg-type]
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.goto(server.url)
    page.get_by_label("Username").first.fill("ada_l")
    page.get_by_label("Password").first.fill(PASSWORD)
    page.get_by_label("Password").first.press("Enter")
    return page


def picture(stage: Page, pages: list[Page], caption: str) -> bytes:
    """Return the windows side by side above a line of a terminal, as WebP."""
    shots = (b64encode(page.screenshot()).decode() for page in pages)
    windows = "".join(f'<figure><img src="data:image/png;base64,{one}"></figure>' for one in shots)
    stage.set_content(f"{STAGE}<div>{windows}</div><p></p>")
    stage.locator("p").evaluate("(line, text) => { line.textContent = text; }", caption)
    session = stage.context.new_cdp_session(stage)
    options = {"format": "webp", "quality": QUALITY}
    return b64decode(session.send("Page.captureScreenshot", options)["data"])


def animation(frames: list[tuple[bytes, int]]) -> bytes:
    """Put WebP pictures together to one that moves, for ever (the container of WebP, RIFF)."""
    width, height = _u24(SIZE["width"] - 1), _u24(SIZE["height"] - 1)
    body = _chunk(b"VP8X", b"\x02\0\0\0" + width + height) + _chunk(b"ANIM", bytes(6))
    for frame, milliseconds in frames:
        head = bytes(6) + width + height + _u24(milliseconds) + b"\x02"  # drawn over the last one
        body += _chunk(b"ANMF", head + b"".join(_pixels(frame)))
    return _chunk(b"RIFF", b"WEBP" + body)


def _pixels(webp: bytes) -> Iterator[bytes]:
    """Yield the chunks of a WebP picture that hold what is seen."""
    position = 12
    while position < len(webp):
        name, size = struct.unpack_from("<4sI", webp, position)
        if name in (b"VP8 ", b"VP8L", b"ALPH"):
            yield _chunk(name, webp[position + 8 : position + 8 + size])
        position += 8 + size + size % 2


def _chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + bytes(len(content) % 2)


def _u24(number: int) -> bytes:
    return number.to_bytes(3, "little")


if __name__ == "__main__":
    main()
