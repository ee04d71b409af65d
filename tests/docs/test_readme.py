"""What README.md tells to type works, and its table leaves out no setting."""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import config
from tests.docs.readme import README, block, run, terminal, writing
from tests.support.process import Terminal
from tests.support.server import Server
from tests.support.settings import ROOT, setting_names
from tests.support.waiting import wait_until

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.fixture
def registered(server: Server) -> Server:
    """A server after the README's first block."""
    account = json.loads(run(server.url, block("register")))
    assert account["username"] == "ada_l"
    return server


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
    promised = re.findall(r"^(?:id|event): .*$", README, re.MULTILINE)
    assert [line for line in promised if line not in follower.text()] == []


def test_the_python_client_follows(registered: Server, tmp_path: Path) -> None:
    follow = block("python").replace("python3", sys.executable).replace("../docs", f"{ROOT}/docs")
    with terminal(registered.url, f"{writing()}\n{follow}", tmp_path / "log", tmp_path) as first:
        wait_until((tmp_path / "scratch" / "position").exists, what="a position")
        run(registered.url, writing())
        wait_until(lambda: '"task_delete"' in first.text(), what="the last event")


def test_every_setting_is_in_the_table() -> None:
    known = set(config.SettingsSchema().fields)
    cells = " ".join(re.findall(r"^\| (`[A-Z_` ]+`) \|", README, re.MULTILINE))
    assert set(re.findall(r"`([A-Z_]+)`", cells)) == known
    assert set(setting_names()) == known


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text()):
        assert (page.parent / target).exists(), target
