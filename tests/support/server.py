"""A real server: `python wsgi.py` as users start it, on loopback."""

import sys
from pathlib import Path

import requests

from tests.support.process import Process, free_port
from tests.support.settings import ROOT, machine_environ, settings_for
from tests.support.waiting import wait_until


class Server(Process):
    """Start, terminate, kill, pause and restart one server, always on the same port."""

    def __init__(self, database_url: str, log: Path, **settings: object) -> None:
        """`settings` are environment variables; the async mode is the default one unless named."""
        self.port = int(str(settings.pop("PORT", None) or free_port()))
        self.url = f"http://127.0.0.1:{self.port}"
        changes = {"ASYNC_MODE": None, "HOST": "127.0.0.1", "PORT": self.port} | settings
        environ = machine_environ() | settings_for(database_url, **changes)
        super().__init__([sys.executable, "-u", "wsgi.py"], log, environ, ROOT)

    def start(self) -> None:
        """Start the server and wait until it answers."""
        super().start()
        wait_until(self._answers, seconds=30, what="an answer of /livez")

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
