"""The environments of servers: one with what the project needs to run, and one for the peers."""

import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]


class Environment(NamedTuple):
    """A directory with what a file of requirements pins, and nothing else."""

    directory: Path
    requirements: Path

    def install(self) -> None:
        """Install it, unless what is installed is what is pinned."""
        stamp = self.directory / ".installed"
        wanted = f"# Python {sys.version}\n{self.requirements.read_text()}"
        if stamp.exists() and stamp.read_text() == wanted:
            return
        subprocess.run([sys.executable, "-m", "venv", "--clear", self.directory], check=True)
        pip = [self.program("python"), "-m", "pip", "--disable-pip-version-check", "install"]
        options = ["--quiet", "--require-hashes", "-r", str(self.requirements)]
        subprocess.run([*pip, *options], check=True)
        stamp.write_text(wanted)

    def program(self, name: str) -> str:
        """Return the path of a program."""
        return str(self.directory / "bin" / name)


PROJECT = Environment(ROOT / ".venv-bench-project", ROOT / "requirements.txt")
PEERS = Environment(ROOT / ".venv-bench", ROOT / "bench" / "requirements.txt")


def install() -> None:
    """Install both."""
    PROJECT.install()
    PEERS.install()
