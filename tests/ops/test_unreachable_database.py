"""Commands, and a start that migrates, say in one line that the database is away or refuses."""

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.support.databases import Database
from tests.support.process import free_port
from tests.support.settings import ROOT, machine_environ, settings_for

FLASK = "-m flask --app wsgi"
COMMANDS = (
    f"{FLASK} db upgrade",
    f"{FLASK} after-restore",
    f"{FLASK} users deactivate --username ada",
    "wsgi.py",
)
READ_ONLY = "cannot execute CREATE TABLE in a read-only transaction"


def error_of(command: str, url: str) -> str:
    """Return the only line that a command that fails writes."""
    environ = machine_environ() | settings_for(url, MIGRATE_ON_START="true", LOG_FORMAT="console")
    done = subprocess.run(
        [sys.executable, *command.split()], cwd=ROOT, env=environ, capture_output=True, text=True
    )
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    return line


@pytest.mark.parametrize("command", COMMANDS)
def test_it_is_said_in_one_line(command: str) -> None:
    line = error_of(command, f"postgresql://nobody:secret@127.0.0.1:{free_port()}/none")
    assert line.startswith("Error: The database: connection failed: ")
    assert "secret" not in line


@pytest.mark.parametrize("command", COMMANDS)
def test_a_damaged_file_is_named_in_one_line(tmp_path: Path, command: str) -> None:
    file = tmp_path / "damaged.sqlite3"
    file.write_bytes(b"U" * 8192)
    line = error_of(command, f"sqlite:///{file.as_posix()}")
    assert line == "Error: The database: file is not a database."


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
@pytest.mark.parametrize(("command", "setting", "said"), [
    (COMMANDS[0], "role = pg_read_all_data", "permission denied for schema public"),
    (COMMANDS[0], "role = pg_monitor", "permission denied for table alembic_version"),
    (COMMANDS[0], "default_transaction_read_only = on", READ_ONLY),
    (COMMANDS[-1], "role = pg_monitor", "permission denied for table alembic_version"),
    (COMMANDS[-1], "default_transaction_read_only = on", READ_ONLY),
])  # fmt: skip
def test_what_a_migration_may_not_do_is_said_in_one_line(
    database: Database, command: str, setting: str, said: str
) -> None:
    with database.engine.begin() as connection:
        connection.execute(text("DELETE FROM alembic_version"))
    database.set_default(setting)
    assert error_of(command, database.url) == f"Error: The database: {said}."
