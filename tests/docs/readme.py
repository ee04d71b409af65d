"""The shell blocks of README.md, by the word behind ```sh, and shells to run them in."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.process import Terminal
from tests.support.settings import ROOT, machine_environ

README = (ROOT / "README.md").read_text()


def block(name: str) -> str:
    """Return the block of a name, as a user would copy it."""
    (found,) = re.findall(rf"^```sh {name}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    return str(found)


def writing() -> str:
    """Return the block `write` for a terminal in which `register` has not been run."""
    return block("register").splitlines()[0] + "\n" + block("write")


def run(url: str, script: str, directory: Path = ROOT) -> str:
    """Run a script against the server at `url` to its end; return what it wrote."""
    done = subprocess.run(
        _shell(url, script),
        cwd=directory,
        env=machine_environ(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextmanager
def terminal(url: str, script: str, log: Path, directory: Path = ROOT) -> Iterator[Terminal]:
    """Run a script that does not end by itself against the server at `url`, as long as wanted."""
    opened = Terminal(_shell(url, script), log, machine_environ(), directory)
    opened.start()
    try:
        yield opened
    finally:
        opened.stop()


def _shell(url: str, script: str) -> list[str]:
    return ["sh", "-euc", script.replace("http://127.0.0.1:8000", url)]
