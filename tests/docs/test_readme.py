"""What README.md tells to type works, and its table leaves out no setting."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import config
from tests.docs.readme import README, block
from tests.support.process import Process
from tests.support.server import Server
from tests.support.settings import ROOT, machine_environ, setting_names
from tests.support.waiting import wait_until

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def shell(server: Server, script: str) -> list[str]:
    """Return the command that runs a script against this server."""
    return ["sh", "-euc", script.replace("http://127.0.0.1:8000", server.url)]


def run(server: Server, script: str) -> str:
    """Run a script to its end and return what it wrote."""
    done = subprocess.run(
        shell(server, script),
        cwd=ROOT,
        env=machine_environ(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def registered(server: Server) -> Server:
    """A server after the README's first block."""
    account = json.loads(run(server, block("register")))
    assert account["username"] == "ada_l"
    return server


@pytest.fixture
def follower(registered: Server, tmp_path: Path) -> Iterator[Process]:
    """The second terminal, following."""
    process = Process(
        shell(registered, block("follow")), tmp_path / "follow", machine_environ(), ROOT
    )
    process.start()
    wait_until(lambda: "event: stream_ready\n" in process.text(), what=process.text())
    yield process
    process.stop()


def test_five_minutes_to_a_live_stream(registered: Server, follower: Process) -> None:
    run(registered, block("register").splitlines()[0] + "\n" + block("write"))
    wait_until(lambda: "event: task_delete\n" in follower.text(), what="the last event")
    shown = re.findall(r"^id: (\d+)\nevent: (\w+)$", follower.text(), re.MULTILINE)
    assert shown == [("1", "task_create"), ("2", "task_update"), ("3", "task_delete")]
    promised = re.findall(r"^(?:id|event): .*$", README, re.MULTILINE)
    assert [line for line in promised if line not in follower.text()] == []


def test_the_python_client_follows(registered: Server, tmp_path: Path) -> None:
    *_, token = block("follow").partition("token()")
    script = block("register").splitlines()[0] + "\ntoken()" + token.rsplit("\ncurl", 1)[0]
    install, _, follow = block("python").partition("\n")
    assert "pip install" in install
    follow = follow.replace("client/bin/python", sys.executable).replace("docs/", f"{ROOT}/docs/")
    command = shell(registered, f"{script}\n{follow}")
    client = Process(command, tmp_path / "log", machine_environ(), tmp_path)
    client.start()
    wait_until((tmp_path / "position").exists, what=client.text())
    run(registered, block("register").splitlines()[0] + "\n" + block("write"))
    wait_until(lambda: '"task_delete"' in client.text(), what="the last event")
    client.stop()


def test_every_setting_is_in_the_table() -> None:
    known = set(config.SettingsSchema().fields)
    cells = " ".join(re.findall(r"^\| (`[A-Z_` ]+`) \|", README, re.MULTILINE))
    assert set(re.findall(r"`([A-Z_]+)`", cells)) == known
    assert set(setting_names()) == known


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text()):
        assert (page.parent / target).exists(), target
