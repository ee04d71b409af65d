"""The peers in Python: the same API in Django REST framework and in FastAPI."""

import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import ClassVar
from uuid import UUID

import jwt

from bench import hashing
from bench.environment import PEERS, ROOT
from bench.seeding import analyze, insert, moments

from .base import KNOWN, PASSWORD, SECRET, TASK, Account, RestServer

TASK_COLUMNS = (
    "id", "title", "description", "status_task", "priority", "date_created", "last_updated",
)  # fmt: skip
LIFETIME = timedelta(days=7)


class PythonPeer(RestServer):
    """What both have in common: rows of tasks, and tokens signed with SECRET_KEY."""

    environment = PEERS
    owner_column: ClassVar[str]

    def seed(self, users: int, tasks: int) -> None:
        """Give users tasks. Both frameworks store a UUID in SQLite as 32 hexadecimal digits."""
        url = self.place.database_url
        password = hashing.ask(self.python, self.hash_scheme, "hash", PASSWORD)
        self.insert_users(users, password)
        rows = (
            (UUID(int=number * users + user + 1).hex, *TASK.values(), "TO DO", "MEDIUM",
             str(moment), str(moment), self.user_id(user))
            for number, moment in enumerate(moments(tasks))
            for user in range(users)
        )  # fmt: skip
        insert(url, "tasks", [*TASK_COLUMNS, self.owner_column], rows)
        analyze(url)
        expires = datetime.now(UTC) + LIFETIME
        self.accounts = [
            Account(
                self.user_id(user),
                f"user_{user:06}",
                jwt.encode({"exp": expires, **self.claims(user)}, SECRET, "HS256"),
                str(UUID(int=(tasks - 1) * users + user + 1)),
            )
            for user in range(min(users, KNOWN))
        ]

    def insert_users(self, count: int, password: str) -> None:
        """Insert the rows of accounts."""
        raise NotImplementedError

    def user_id(self, number: int) -> str:
        """Return the id of a user, as the database takes it."""
        raise NotImplementedError

    def claims(self, number: int) -> Mapping[str, object]:
        """Return what an access token says."""
        raise NotImplementedError


class Django(PythonPeer):
    """Django REST framework and Channels by uvicorn: the stream rows."""

    name = "django"
    hash_scheme = "django"
    owner_column = "owner_id"

    def environ(self) -> dict[str, str]:
        """Name the settings."""
        asgi = {} if self.wsgi else {"SERVE_ASGI": "1"}
        return super().environ() | {"DJANGO_SETTINGS_MODULE": "bench.peers.drf.settings"} | asgi

    wsgi: ClassVar[bool] = False

    def command(self) -> list[str]:
        """Serve HTTP and the WebSocket by one server."""
        return uvicorn("bench.peers.drf.asgi:application", self.port, self.place.processes)

    def prepare(self) -> None:
        """Make Django's tables and the peer's."""
        command = [PEERS.program("django-admin"), "migrate", "--verbosity", "0"]
        subprocess.run(command, env=self.environ(), cwd=ROOT, check=True)

    def insert_users(self, count: int, password: str) -> None:
        """Insert rows of django.contrib.auth's table."""
        now = str(datetime.now(UTC))
        columns = (
            "id", "password", "is_superuser", "username", "first_name", "last_name", "email",
            "is_staff", "is_active", "date_joined",
        )  # fmt: skip
        rows = (
            (self.user_id(number), password, False, f"user_{number:06}", "", "",
             f"{number}@example.org", False, True, now)
            for number in range(count)
        )  # fmt: skip
        insert(self.place.database_url, "auth_user", columns, rows)

    def user_id(self, number: int) -> str:
        """Return a whole number, which is what Django's users have."""
        return str(number + 1)

    def claims(self, number: int) -> Mapping[str, object]:
        """Return the claims of simplejwt."""
        return {"token_type": "access", "jti": f"{number:032x}", "user_id": self.user_id(number)}


class DjangoWSGI(Django):
    """The same by gunicorn's threads, where its views are faster: the rows of calls."""

    wsgi = True

    def command(self) -> list[str]:
        """Serve HTTP by gunicorn."""
        options = (
            f"--bind 127.0.0.1:{self.port} --workers {self.place.processes} "
            "--worker-class gthread --threads 4 --keep-alive 75 --log-level warning"
        )
        return [PEERS.program("gunicorn"), *options.split(), "bench.peers.drf.wsgi:application"]


class FastAPI(PythonPeer):
    """FastAPI and SQLAlchemy's asyncio extension, by uvicorn."""

    name = "fastapi"
    hash_scheme = "pwdlib"
    owner_column = "owner_id"

    def command(self) -> list[str]:
        """Serve."""
        return uvicorn("bench.peers.fastapi_app.main:app", self.port, self.place.processes)

    def prepare(self) -> None:
        """Make the tables."""
        code = (
            "import asyncio; from bench.peers.fastapi_app.database import create_tables; "
            "asyncio.run(create_tables())"
        )
        subprocess.run([self.python, "-c", code], env=self.environ(), cwd=ROOT, check=True)

    def insert_users(self, count: int, password: str) -> None:
        """Insert the rows of accounts."""
        rows = (
            (self.user_id(number), f"user_{number:06}", f"{number}@example.org", password)
            for number in range(count)
        )
        columns = ("id", "username", "email", "hashed_password")
        insert(self.place.database_url, "users", columns, rows)

    def user_id(self, number: int) -> str:
        """Return a UUID."""
        return UUID(int=number + 1).hex

    def claims(self, number: int) -> Mapping[str, object]:
        """Return the claims of the peer's own tokens."""
        return {"sub": str(UUID(self.user_id(number))), "type": "access"}


def uvicorn(application: str, port: int, processes: int) -> list[str]:
    """Return the command by which uvicorn serves, with the faster loop and parser.

    Its pings are put off, since the streams of the bench answer none.
    """
    options = (
        f"--host 127.0.0.1 --port {port} --workers {processes} --loop uvloop --http httptools "
        "--no-access-log --log-level warning --ws-ping-interval 900"
    )
    return [PEERS.program("uvicorn"), *options.split(), application]
