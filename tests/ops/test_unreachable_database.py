"""Commands, and a start that migrates, say in one line that the database cannot be reached."""

import subprocess
import sys

import pytest

from tests.support.process import free_port
from tests.support.settings import ROOT, machine_environ, settings_for

FLASK = "-m flask --app wsgi"
COMMANDS = (
    f"{FLASK} db upgrade",
    f"{FLASK} db current",
    f"{FLASK} after-restore",
    f"{FLASK} users deactivate --username ada",
    "wsgi.py",
)


@pytest.mark.parametrize("command", COMMANDS)
def test_it_is_said_in_one_line(command: str) -> None:
    url = f"postgresql://nobody:secret@127.0.0.1:{free_port()}/none"
    environ = machine_environ() | settings_for(url, MIGRATE_ON_START="true", LOG_FORMAT="console")
    done = subprocess.run(
        [sys.executable, *command.split()], cwd=ROOT, env=environ, capture_output=True, text=True
    )
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("Error: The database: connection failed: ")
    assert "secret" not in line
