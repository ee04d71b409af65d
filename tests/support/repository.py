"""What git keeps of this project; what else lies in the checkout is nobody's business."""

import subprocess
from pathlib import Path

from tests.support.settings import ROOT

# Whoever runs the tests need not own the checkout.
GIT = ("git", "-c", "safe.directory=*")


def tracked_files(root: Path = ROOT) -> list[str]:
    """Return the names of the tracked files that are there, relative to `root`."""
    command = [*GIT, "ls-files", "--cached"]
    names = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    return [name for name in names.stdout.splitlines() if (root / name).is_file()]
