"""One serving process: accept, and stop without losing what was begun."""

import _thread
import os
import socket
import threading
from collections.abc import Callable

from flask import Flask

from taskmaster.core import lifecycle
from taskmaster.core.concurrency import pause
from taskmaster.server import listener as listeners
from taskmaster.server.connections import Connection, Connections
from taskmaster.server.handler import Handler
from taskmaster.server.signals import StopFlag

READY = "TASKMASTER_READY_FD"
MAX_CONNECTIONS = 10_000

_TICK = 0.05  # seconds between two looks at a flag
DEFAULT_SHUTDOWN_SECONDS = 4.0
_UNWIND_SECONDS = 0.5  # for handlers whose connection was cut


class Process:
    """Serves one app on one listening socket."""

    def __init__(self, app: Flask, listener: socket.socket) -> None:
        self._app = app
        self._listener = listener
        self._connections = Connections()
        name, port = listener.getsockname()[:2]
        several = app.config.get("WEB_CONCURRENCY", 1) > 1
        self._handler = Handler(app, name, port, several, app.config["MAX_CONTENT_LENGTH"])
        self._parent = os.getppid() if listeners.INHERITED in os.environ else None

    def run(self, stop: StopFlag) -> None:
        """Serve until `stop`, then finish what is in flight."""
        _thread.start_new_thread(self._connections.watch, ())
        lifecycle.start(self._app)
        _tell_supervisor()
        # The pause of the loop that reads the flag.
        self._listener.settimeout(_TICK)
        while not (stop or self._is_orphan()):
            self._accept()
        self._stop()

    def _is_orphan(self) -> bool:
        return self._parent is not None and os.getppid() != self._parent

    def _accept(self) -> None:
        if len(self._connections) >= MAX_CONNECTIONS:
            pause(_TICK)
            return
        try:
            sock, address = self._listener.accept()
        except TimeoutError:
            return
        except OSError:
            pause(_TICK)  # out of descriptors, or the client has gone already
            return
        self._begin(sock, address)
        # Let the new one begin, and other processes have the next.
        pause()

    def _begin(self, sock: socket.socket, address: tuple[str, int]) -> None:
        connection = self._connections.add(sock, address)
        try:
            sock.settimeout(None)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            # The plain call: a Thread object costs several switches under green threads.
            _thread.start_new_thread(self._serve, (connection,))
        except (OSError, RuntimeError):
            self._connections.remove(connection)

    def _serve(self, connection: Connection) -> None:
        try:
            self._handler.serve(connection)
        finally:
            self._connections.remove(connection)

    def _stop(self) -> None:
        lifecycle.begin_stop(self._app)
        self._listener.close()
        self._connections.cut_idle()
        goodbyes = threading.Thread(target=lifecycle.stop, args=(self._app,), daemon=True)
        goodbyes.start()
        seconds = self._app.config.get("SHUTDOWN_SECONDS", DEFAULT_SHUTDOWN_SECONDS)
        _wait(seconds, lambda: goodbyes.is_alive() or len(self._connections) > 0)
        self._connections.cut_all()
        _wait(_UNWIND_SECONDS, lambda: len(self._connections) > 0)


def _wait(seconds: float, condition: Callable[[], bool]) -> None:
    """Wait while `condition` holds, at most so long."""
    for _ in range(round(seconds / _TICK)):
        if not condition():
            return
        pause(_TICK)


def _tell_supervisor() -> None:
    """Say once that this process serves."""
    number = os.environ.get(READY)
    if number is not None:
        os.write(int(number), b".")
        os.close(int(number))
