"""Floors: what a constant answer costs."""

from collections.abc import Mapping

from bench.environment import ROOT
from bench.http import request
from tests.support.settings import machine_environ, settings_for

from .base import Account, Server

CONSTANT = request("GET", "/constant/01a20471-316f-74d4-8486-a16973169f6d/")


class Floor(Server):
    """A constant answer; nothing is stored."""

    backends = ("sqlite",)

    def seed(self, users: int, tasks: int) -> None:
        """Have one account, whose token nobody looks at."""
        self.accounts = [Account("", "", "", "")]

    def calls(self, account: Account) -> Mapping[str, bytes]:
        """Return the one request."""
        return {"constant": CONSTANT}


class FlaskFloor(Floor):
    """Flask under the project's gunicorn worker."""

    name = "flask-constant"

    def command(self) -> list[str]:
        """Serve by gunicorn, as the project is served."""
        return [self.python, f"{ROOT}/wsgi.py", "bench.peers.constant:app"]

    def environ(self) -> dict[str, str]:
        """Return the project's settings."""
        changes = {"ASYNC_MODE": None, "HOST": "127.0.0.1", "PORT": self.port,
                   "WEB_CONCURRENCY": self.place.processes}  # fmt: skip
        return machine_environ() | settings_for(self.place.database_url, **changes)


class EventletFloor(Floor):
    """Bare eventlet.wsgi, one process."""

    name = "eventlet-constant"
    most_processes = 1

    def command(self) -> list[str]:
        """Serve without Flask and gunicorn."""
        return [self.python, "-m", "bench.peers.bare", str(self.port)]
