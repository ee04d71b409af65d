"""docker-compose.yml does what it says: its web service starts on a real PostgreSQL."""

import io
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from dotenv import dotenv_values

from tests.docs.blocks import block
from tests.support.api import Api, through_http
from tests.support.compose import Compose, ComposeError, read_env
from tests.support.postgres import PostgresServer
from tests.support.process import free_port
from tests.support.redis import RedisServer
from tests.support.server import Server
from tests.support.settings import ROOT, SECRET, machine_environ, setting_names, settings_for

# What somebody brings along who ran the original by its own Compose file, and two more settings.
ORIGINAL = f"""\
SECRET_KEY={SECRET}
ENVIRONMENT=PROD
DB_USER=ada
DB_PASSWORD=p@ss/w:d#
DB_NAME=tasks
DB_HOST=db
DB_PORT=5433
TRUSTED_PROXIES=1
SECRET_KEY_FALLBACKS={SECRET[::-1]}
"""
INSIDE = {"DB_HOST": "postgres", "DB_PORT": "5432", "REDIS_URL": "redis://redis:6379/0"}


def written_by_the_page(directory: Path) -> str:
    command = ["sh", "-euc", block("env")]
    subprocess.run(command, cwd=directory, env=machine_environ(), check=True)
    return (directory / ".env").read_text()


@pytest.fixture(params=["original", "page"])
def compose(request: pytest.FixtureRequest, tmp_path: Path) -> Compose:
    """The services, by either `.env`."""
    return Compose(ORIGINAL if request.param == "original" else written_by_the_page(tmp_path))


@pytest.fixture
def environ(
    compose: Compose, postgres: PostgresServer, redis_server: RedisServer
) -> Iterator[dict[str, str]]:
    """The environment of the web service, with the addresses of this machine's servers."""
    wanted = compose.environment("postgres")
    postgres.create_superuser(wanted["POSTGRES_USER"], wanted["POSTGRES_PASSWORD"])
    postgres.create_database(wanted["POSTGRES_DB"])
    environ = compose.environment("web")
    assert environ.items() >= INSIDE.items()
    here = {"DB_HOST": "127.0.0.1", "DB_PORT": str(postgres.port), "REDIS_URL": redis_server.url}
    yield environ | here | {"HOST": "127.0.0.1", "PORT": str(free_port())}
    postgres.drop_database(wanted["POSTGRES_DB"])


def run(command: list[str], environ: dict[str, str], typed: str = "") -> str:
    """Run a `flask` command of a container as there, typing the answers; return what it wrote."""
    program, *rest = command
    assert program == "flask"
    return subprocess.run(
        [sys.executable, "-m", program, *rest],
        cwd=ROOT,
        env=machine_environ() | settings_for("", **environ),
        input=typed,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        start_new_session=True,  # no terminal to ask for a password at
    ).stdout


@pytest.mark.journey
def test_it_serves(compose: Compose, environ: dict[str, str], tmp_path: Path) -> None:
    with Server("", tmp_path / "log", **environ) as server:
        assert Api(through_http(server.url)).get("/readyz").status == 200
        user = Api(through_http(server.url)).register()
        _, *command = shlex.split(block("compose").splitlines()[-1].partition(" exec ")[2])
        run(command, environ, "boss\nboss@example.org\n" + "correct horse\n" * 2)
        assert server.terminate() == 0
    assert accounts(environ) == [("boss", True), (user.username, False)]


def accounts(environ: dict[str, str]) -> list[tuple[Any, ...]]:
    """Return who is in the database, which no other password opens."""
    parts = {
        "user": environ["DB_USER"],
        "host": environ["DB_HOST"],
        "port": environ["DB_PORT"],
        "dbname": environ["DB_NAME"],
    }
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(**parts, password="p")
    with psycopg.connect(**parts, password=environ["DB_PASSWORD"]) as connection:
        rows = connection.execute("SELECT username, is_superuser FROM users ORDER BY username")
        return rows.fetchall()


def test_every_setting_of_env_counts() -> None:
    given = {name: f"<{name}>" for name in setting_names()}
    environ = Compose("".join(f"{name}={value}\n" for name, value in given.items()))
    assert environ.environment("web") == given | INSIDE | {
        "ENVIRONMENT": "production",
        "DATABASE_URL": "",
        "HOST": "0.0.0.0",  # noqa: S104 - inside a container
        "PORT": "8000",
    }


@pytest.mark.parametrize("name", ["SECRET_KEY", "DB_PASSWORD"])
def test_what_is_needed_is_named(name: str) -> None:
    lines = [line for line in ORIGINAL.splitlines() if not line.startswith(f"{name}=")]
    with pytest.raises(ComposeError, match=f"{name}: set {name}"):
        Compose("\n".join(lines))


@pytest.mark.parametrize(
    "password", ["p@ss/w:d#", "a # b", "$HOME", "$$", '"', "a=b", " x ", "ünï", "%41+", "{}"]
)
def test_single_quotes_keep_a_password(password: str) -> None:
    """So `.env.example` says; Compose and the server itself must read the same."""
    text = f"DB_PASSWORD='{password}'\n"
    assert read_env(text) == dotenv_values(stream=io.StringIO(text)) == {"DB_PASSWORD": password}


def test_without_quotes_compose_reads_more_into_it() -> None:
    text = "A=p@ss/w:d#  # a comment\nB=$A\nC=x$$y\nD=\"${A}\"\nE='$A'\n"
    assert read_env(text) == {
        "A": "p@ss/w:d#", "B": "p@ss/w:d#", "C": "x$y", "D": "p@ss/w:d#", "E": "$A",
    }  # fmt: skip


def test_it_listens_on_loopback_only() -> None:
    ports = [port for service in Compose(ORIGINAL).services.values()
             for port in service.get("ports", [])]  # fmt: skip
    assert ports == ["127.0.0.1:8000:8000"]


def test_postgres_is_healthy_once_it_answers_over_tcp(postgres: PostgresServer) -> None:
    """The test's server has no socket: a check of the socket, which lies, would fail here."""
    _, program, *rest = Compose(ORIGINAL).services["postgres"]["healthcheck"]["test"]
    for port, status in ((postgres.port, 0), (free_port(), 2)):
        command = [postgres.programs / program, *rest, "--port", str(port)]
        assert subprocess.run(command, capture_output=True, check=False).returncode == status
