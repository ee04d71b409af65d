"""One serving process: accept, and stop without losing what was begun."""

import importlib
import os
import socket
import threading
from collections.abc import Callable

from flask import Flask

from taskmaster.core import lifecycle
from taskmaster.core.concurrency import pause
from taskmaster.server import listener as listeners
from taskmaster.server.middleware import Middleware
from taskmaster.server.signals import StopFlag

READY = "TASKMASTER_READY_FD"
DEFAULT_SHUTDOWN_SECONDS = 4.0
_TICK = 0.05  # seconds between two looks at a flag
_UNWIND_SECONDS = 0.5  # for handlers whose connection was cut


def run(app: Flask, listener: socket.socket, stop: StopFlag) -> None:
    """Serve until `stop`, then finish what is in flight."""
    middleware = Middleware(app)
    threading.Thread(target=middleware.connections.watch, daemon=True).start()
    lifecycle.start(app)
    # Only the chosen library is imported.
    server = importlib.import_module(f"taskmaster.server.{app.config['ASYNC_MODE']}_server")
    stop_accepting = server.start(middleware, listener)
    _tell_supervisor()
    parent = os.getppid() if listeners.INHERITED in os.environ else None
    while not stop and parent in (None, os.getppid()):
        pause(_TICK)
    lifecycle.begin_stop(app)
    stop_accepting()
    listener.close()
    _finish(app, middleware)


def _finish(app: Flask, middleware: Middleware) -> None:
    """Say goodbye, wait for requests in flight, and cut what is left."""
    connections = middleware.connections
    connections.cut(idle_only=True)
    goodbyes = threading.Thread(target=lifecycle.stop, args=(app,), daemon=True)
    goodbyes.start()
    seconds = app.config.get("SHUTDOWN_SECONDS", DEFAULT_SHUTDOWN_SECONDS)
    _wait(seconds, lambda: goodbyes.is_alive() or len(connections) > 0)
    connections.cut()
    _wait(_UNWIND_SECONDS, lambda: len(connections) > 0)


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
