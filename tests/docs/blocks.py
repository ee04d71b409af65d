"""The code blocks of README.md and docs, as a user would copy them, and shells to run them in.

What stands behind ``` is the language and then a name, by which a test takes the block, or in
brackets why nothing runs it. The blocks of docs/guides need no name: each page is run whole.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.support.javascript import CLIENT
from tests.support.process import Terminal
from tests.support.settings import ROOT, machine_environ

README = ROOT / "README.md"
PAGES = [
    README,
    *(page for name in ("docs", "postman") for page in sorted((ROOT / name).rglob("*.md"))),
]
COMMANDS = {
    "sh": ("sh", "-euc"),
    "python": (sys.executable, "-uc"),
    "js": ("node", "--no-warnings", "--experimental-websocket", "--input-type=module", "-e"),
}
OURS = "http://127.0.0.1:8000"
FENCE = re.compile(r"^```(\w*) ?([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """One code block; output has no language."""

    language: str
    name: str
    text: str


def blocks_of(page: Path) -> list[Block]:
    """Return the blocks of a page."""
    return [Block(*found) for found in FENCE.findall(page.read_text())]


def block(name: str, language: str = "sh") -> str:
    """Return the block of a name, on whichever page."""
    every = (found for page in PAGES for found in blocks_of(page))
    (text,) = (found.text for found in every if found[:2] == (language, name))
    return text


def writing() -> str:
    """Return the block `write` for a terminal in which `register` has not been run."""
    return block("register").splitlines()[0] + "\n" + block("write")


def not_shown(page: Path, output: str) -> list[str]:
    """Return the lines of a page's output blocks that are not in `output`; `...` is anything."""
    shown = "".join(found.text for found in blocks_of(page) if not found.language)
    patterns = {line: re.escape(line).replace(r"\.\.\.", ".*") for line in shown.splitlines()}
    return [line for line, pattern in patterns.items() if not re.search(pattern, output)]


def run(url: str, script: str, directory: Path = ROOT, language: str = "sh") -> str:
    """Run a script against the server at `url` to its end; return what it wrote."""
    done = subprocess.run(
        _command(url, script, language),
        cwd=directory,
        env=machine_environ(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@contextmanager
def terminal(
    url: str, script: str, log: Path, directory: Path = ROOT, language: str = "sh"
) -> Iterator[Terminal]:
    """Run a script that does not end by itself against the server at `url`, as long as wanted."""
    opened = Terminal(_command(url, script, language), log, machine_environ(), directory)
    opened.start()
    try:
        yield opened
    finally:
        opened.stop()


def _command(url: str, script: str, language: str) -> list[str]:
    here = script.replace(f"{OURS}/client/taskmaster.js", CLIENT.as_uri())  # as Node imports it
    return [*COMMANDS[language], here.replace(OURS, url)]
