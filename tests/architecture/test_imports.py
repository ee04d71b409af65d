"""The order of the rooms holds: pyproject.toml says it, import-linter checks it."""

import subprocess
import sys

from tests.support.settings import ROOT


def test_upper_rooms_import_lower_ones_only() -> None:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    assert " 0 broken" in result.stdout
