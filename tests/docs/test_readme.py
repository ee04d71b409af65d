"""What README.md tells to type works, its table is whole, and no code of a page is untried."""

import filecmp
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import config
from tests.docs.blocks import (
    COMMANDS,
    PAGES,
    README,
    block,
    blocks_of,
    not_shown,
    run,
    terminal,
    writing,
)
from tests.docs.driving import CLIENTS, forget_ada
from tests.support.javascript import CLIENT
from tests.support.process import Terminal
from tests.support.server import Server
from tests.support.settings import ROOT, setting_names
from tests.support.waiting import wait_until

EACH_PAGE = pytest.mark.parametrize(
    "page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix()
)


@pytest.fixture
def registered(module_server: Server) -> Iterator[Server]:
    """A server after the README's first block. Who registers there is gone after the test."""
    account = json.loads(run(module_server.url, block("register")))
    assert account["username"] == "ada_l"
    yield module_server
    forget_ada(module_server)


@pytest.fixture
def follower(registered: Server, tmp_path: Path) -> Iterator[Terminal]:
    """The second terminal, following."""
    with terminal(registered.url, block("follow"), tmp_path / "follow") as second:
        wait_until(lambda: "event: stream_ready\n" in second.text(), what="a stream that is ready")
        yield second


def test_five_minutes_to_a_live_stream(registered: Server, follower: Terminal) -> None:
    run(registered.url, writing())
    wait_until(lambda: "event: task_delete\n" in follower.text(), what="the last event")
    shown = re.findall(r"^id: (\d+)\nevent: (task_\w+)$", follower.text(), re.MULTILINE)
    assert shown == [("1", "task_create"), ("2", "task_update"), ("3", "task_delete")]
    assert not_shown(README, follower.text()) == []


def test_the_python_client_follows(registered: Server, tmp_path: Path) -> None:
    code = block("live", "python")
    with terminal(registered.url, code, tmp_path / "log", CLIENTS, "python") as program:
        run(registered.url, writing())
        wait_until(lambda: "3 task_delete" in program.text(), what="the last event")
    first, *_ = program.text().splitlines()
    assert first == "1 task_create Water the plants"


def test_the_python_client_lists(registered: Server, tmp_path: Path) -> None:
    code = block("client", "python")
    with terminal(registered.url, code, tmp_path / "log", CLIENTS, "python") as program:
        wait_until(lambda: "0 to do" in program.text(), what="the list")


@pytest.mark.parametrize("module_database", ["sqlite"], indirect=True)
def test_the_javascript_client_is_saved_whole(module_server: Server, tmp_path: Path) -> None:
    saved = tmp_path / "saved"
    saved.mkdir()
    run(module_server.url, block("save"), saved)
    names = sorted(file.name for file in CLIENT.parent.iterdir())
    assert sorted(file.name for file in saved.iterdir()) == names
    assert filecmp.cmpfiles(saved, CLIENT.parent, names, shallow=False) == (names, [], [])


def test_every_setting_is_in_the_table() -> None:
    known = set(config.SettingsSchema().fields)
    cells = " ".join(re.findall(r"^\| (`[A-Z_` ]+`) \|", README.read_text(), re.MULTILINE))
    assert set(re.findall(r"`([A-Z_]+)`", cells)) == known
    assert set(setting_names()) == known


@EACH_PAGE
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text()):
        assert (page.parent / target).exists(), target


@EACH_PAGE
def test_no_code_is_untried(page: Path) -> None:
    """Each block is run by a test, or says why not. tests/docs/blocks.py tells how."""
    tests = "".join(file.read_text() for file in (ROOT / "tests").rglob("*.py"))
    for language, name, text in blocks_of(page):
        run_whole = page.parent.name == "guides" and language in COMMANDS
        a_file = any(text == file.read_text() for file in CLIENTS.iterdir() if file.is_file())
        taken = re.fullmatch(r"\(.+\)", name) or f'block("{name}"' in tests
        assert not language or run_whole or a_file or taken, text


def test_pictures_are_small() -> None:
    pictures = [file for file in (ROOT / "docs/img").iterdir() if file.suffix in (".svg", ".webp")]
    assert len(pictures) >= 2
    assert [file.name for file in pictures if file.stat().st_size > 400 * 1024] == []
