"""The Procfile's lines run in production mode, as a platform would run them."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.api import Api, through_http
from tests.support.server import Server
from tests.support.settings import ROOT, machine_environ, settings_for

LINES = dict(re.findall(r"^(\w+): (.*)$", (ROOT / "Procfile").read_text(), re.MULTILINE))
PLATFORM = {
    "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    "ENVIRONMENT": None,
    "TRUSTED_HOSTS": "127.0.0.1",
    "ASYNC_MODE": None,
}


def command(name: str) -> list[str]:
    """Return what runs a line here: on loopback, and without a shell that outlives it."""
    return ["sh", "-c", "exec env " + re.sub(r"HOST=\S+", "HOST=127.0.0.1", LINES[name])]


@pytest.mark.parametrize("name", ["release", "web"])
def test_it_refuses_weak_settings(name: str, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/empty.sqlite3"
    environ = machine_environ() | settings_for(url, **PLATFORM, SECRET_KEY="short")
    done = subprocess.run(
        command(name), cwd=ROOT, env=environ, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1
    assert "SECRET_KEY: production needs one of its own" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_it_migrates_and_serves(tmp_path: Path) -> None:
    server = Server(f"sqlite:///{tmp_path}/new.sqlite3", tmp_path / "log", **PLATFORM)
    subprocess.run(command("release"), cwd=ROOT, env=server.environ, check=True, timeout=60)
    server.command = command("web")
    with server:
        Api(through_http(server.url)).register()
        assert server.terminate() == 0
