"""The JavaScript of README.md, the guides, the reference and docs/clients, in Node."""

from pathlib import Path

import pytest
from flask import Flask

from taskmaster.core.api import DESCRIPTION
from tests.docs.blocks import FENCE, block, run, terminal
from tests.docs.samples import try_samples
from tests.docs.test_guides import GUIDES, code_of
from tests.support.api import Api, through_http
from tests.support.databases import ON_SQLITE
from tests.support.server import Server
from tests.support.waiting import wait_until

pytestmark = ON_SQLITE
PAGES = [page for page in GUIDES if code_of(page, "js")]


@pytest.fixture
def registered(server: Server) -> Server:
    """A server that knows the user of all pages."""
    run(server.url, block("register"))
    return server


def of_the_introduction() -> str:
    (text,) = (text for language, _, text in FENCE.findall(DESCRIPTION) if language == "js")
    return str(text)


@pytest.mark.parametrize(
    "code", [block("live", "js"), of_the_introduction()], ids=["README", "API"]
)
def test_the_live_list(registered: Server, tmp_path: Path, code: str) -> None:
    with terminal(registered.url, code, tmp_path / "log", language="js") as program:
        Api(through_http(registered.url)).login("ada_l", "correct horse").create_task("Be live")
        wait_until(lambda: "'Be live'" in program.text(), what="the task")


def test_javascript_samples(server: Server, app: Flask, tmp_path: Path) -> None:
    assert try_samples("JavaScript", server, app, tmp_path) > 20


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_javascript_of_a_guide(registered: Server, page: Path) -> None:
    account = Api(through_http(registered.url)).login("ada_l", "correct horse")
    account.create_task("Water the plants")
    for code in code_of(page, "js"):
        assert run(registered.url, code, language="js")
