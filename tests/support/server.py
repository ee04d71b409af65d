"""A real server, as users start it, on loopback."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import requests

from tests.support.process import Process, free_port, listens
from tests.support.settings import ROOT, machine_environ, settings_for
from tests.support.waiting import wait_until

COMMANDS = {
    "gunicorn": "wsgi.py {app}:app",
    "flask run": "-m flask --app {app} run",
}
FAULTS = ("Traceback", "unhandled_error", "stream_failed")  # lines of a log that nothing excuses


class Server(Process):
    """Start, terminate, kill, pause and restart one server, always on the same port."""

    def __init__(
        self,
        database_url: str,
        log: Path,
        by: str = "gunicorn",
        app: str = "wsgi",
        **settings: object,
    ) -> None:
        """`settings` are environment variables; the async mode is the default one unless named."""
        self.port = int(str(settings.pop("PORT", None) or free_port()))
        self.url = f"http://127.0.0.1:{self.port}"
        changes = {"ASYNC_MODE": None, "HOST": "127.0.0.1", "PORT": self.port} | settings
        environ = machine_environ() | settings_for(database_url, **changes)
        environ["FLASK_RUN_PORT"] = str(self.port)
        arguments = COMMANDS[by].format(app=app).split()
        super().__init__([sys.executable, "-u", *arguments], log, environ, ROOT)

    def start(self) -> None:
        """Start the server and wait until it answers."""
        super().start()
        wait_until(self._answers, seconds=90, what="an answer of /livez")

    def kill(self) -> None:
        """Send SIGKILL to all its processes, and wait until the port is free."""
        super().kill()
        wait_until(lambda: not listens(self.port), what="the port to be free")

    def restart(self) -> None:
        """Terminate the server if it runs and start it again."""
        self.stop()
        self.start()

    def _answers(self) -> bool:
        assert self.running, f"the server ended at once:\n{self.text()}"
        try:
            return requests.get(f"{self.url}/livez", timeout=5).ok
        except (requests.ConnectionError, requests.Timeout):  # a port held, and not served yet
            return False


@contextmanager
def lend_servers(database_url: str, logs: Path, **defaults: Any) -> Iterator[Callable[..., Server]]:
    """Lend what starts servers; at the end all are stopped, and none may have logged a fault."""
    servers: list[Server] = []

    def start(**settings: Any) -> Server:
        log = logs / f"server-{len(servers)}.log"
        servers.append(Server(database_url, log, **defaults | settings))
        return running.enter_context(servers[-1])

    with ExitStack() as running:  # all are stopped, also where one of them does not want to
        yield start
    lines = [line for server in servers for line in server.text().splitlines()]
    faults = [line for line in lines if any(fault in line for fault in FAULTS)]
    assert not faults, "\n".join(faults)
