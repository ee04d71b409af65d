"""The guides: each page is run whole, as a reader would, and shows what comes."""

from pathlib import Path

import pytest

from tests.docs.blocks import blocks_of, not_shown, run
from tests.docs.driving import CLIENTS
from tests.support.server import Server
from tests.support.settings import ROOT

GUIDES = sorted((ROOT / "docs" / "guides").glob("*.md"))
LOG_IN = ROOT / "docs" / "guides" / "login.md"


def code_of(page: Path, language: str) -> list[str]:
    found = blocks_of(page)
    return [block.text for block in found if block.language == language and not block.name]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("page", GUIDES, ids=lambda page: page.stem)
def test_a_guide_works(server: Server, page: Path, tmp_path: Path) -> None:
    before = [] if page == LOG_IN else code_of(LOG_IN, "sh")[:2]
    output = run(server.url, "\n".join([*before, *code_of(page, "sh")]), tmp_path)
    for code in code_of(page, "python"):
        output += run(server.url, code, CLIENTS, "python")
    assert not_shown(page, output) == []
    assert len(page.read_text().splitlines()) < 80


def test_there_are_five() -> None:
    assert [page.stem for page in GUIDES] == ["changes", "limits", "lists", "login", "streams"]
