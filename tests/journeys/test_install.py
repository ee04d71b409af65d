"""A fresh copy, and the commands of docs/install.md for a machine without make: it serves."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.docs.blocks import block
from tests.support.api import register_at
from tests.support.process import Process, free_port
from tests.support.settings import ROOT, machine_environ, setting_names
from tests.support.waiting import wait_until


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """What a clone would have: nothing installed, no database, no secret."""
    git = ["git", "-c", "safe.directory=*"]
    command = [*git, "ls-files", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    for name in filter(lambda name: (ROOT / name).is_file(), names.stdout.splitlines()):
        target = tmp_path / "clone" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, target)
    return tmp_path / "clone"


@pytest.fixture
def server(copy: Path, tmp_path: Path) -> Iterator[str]:
    """The base URL of a server that was installed and started as docs/install.md says."""
    *preparing, starting = block("plain").splitlines()
    # Everything by default; only another port, because the usual one may be in use.
    environ = machine_environ() | dict.fromkeys(setting_names(), "")
    environ |= {"PORT": str(free_port()), "PIP_QUIET": "1"}
    subprocess.run(
        ["sh", "-euc", "\n".join(preparing)], cwd=copy, env=environ, check=True, timeout=600
    )
    process = Process(["sh", "-c", f"exec {starting}"], tmp_path / "log", environ, copy)
    process.start()
    url = f"http://127.0.0.1:{environ['PORT']}"

    def answers() -> bool:
        assert process.running, process.text()
        try:
            return requests.get(f"{url}/readyz", timeout=5).ok
        except (requests.ConnectionError, requests.Timeout):
            return False

    wait_until(answers, seconds=60, what="an answer of /readyz")
    yield url
    assert process.terminate() == 0


@pytest.mark.timeout(900)
def test_without_make_and_npm(server: str) -> None:
    user = register_at(server)
    assert user.create_task()["status_task"] == "TO DO"
    assert "https://cdn." not in requests.get(server, timeout=5).text
    assert "https://cdn." in requests.get(f"{server}/docs", timeout=5).text
