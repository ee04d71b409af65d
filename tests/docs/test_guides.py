"""The guides: each page is run whole, in the README's order, and shows what comes."""

import re
from pathlib import Path

from tests.docs.blocks import README, block, blocks_of, not_shown, run, writing
from tests.docs.driving import CLIENTS
from tests.support.api import Api, through_http
from tests.support.databases import ON_SQLITE
from tests.support.server import Server
from tests.support.settings import ROOT

FOLDER = ROOT / "docs" / "guides"
GUIDES = [FOLDER / name for name in re.findall(r"\(docs/guides/(\w+\.md)\)", README.read_text())]
LOG_IN = FOLDER / "login.md"


def code_of(page: Path, language: str) -> list[str]:
    found = blocks_of(page)
    return [block.text for block in found if block.language == language and not block.name]


def follow(server: Server, page: Path, directory: Path) -> str:
    """Do what a guide says, in a new shell; return what it shows."""
    before = [] if page == LOG_IN else code_of(LOG_IN, "sh")[:2]
    output = run(server.url, "\n".join([*before, *code_of(page, "sh")]), directory)
    return output + "".join(
        run(server.url, code, CLIENTS, "python") for code in code_of(page, "python")
    )


@ON_SQLITE
def test_the_guides_work_one_after_another(server: Server, tmp_path: Path) -> None:
    """A reader has one server, and has done what the README says before."""
    run(server.url, block("register"))
    run(server.url, writing())
    shown = {page.stem: follow(server, page, tmp_path) for page in GUIDES}
    for page in GUIDES:
        assert not_shown(page, shown[page.stem]) == [], page.stem
    assert '"code":"already_exists"' in shown["login"]
    assert re.search(r"([0-9a-f-]{36})\n\1\n", shown["changes"])
    run(server.url, "\n".join([*code_of(LOG_IN, "sh")[:2], block("done")]))
    Api(through_http(server.url)).login("ada_l", "battery staple")


def test_there_are_five_of_one_page_each() -> None:
    assert sorted(GUIDES) == sorted(FOLDER.glob("*.md"))
    assert len(GUIDES) == 5
    for page in GUIDES:
        assert len(page.read_text().splitlines()) <= 80
