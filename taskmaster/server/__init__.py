"""The process model: serve in this process, or supervise several that do."""

import os
import socket
from collections.abc import Mapping
from typing import Any

from flask import Flask

from taskmaster.server import listener as listeners
from taskmaster.server.process import DEFAULT_SHUTDOWN_SECONDS, run
from taskmaster.server.signals import StopFlag
from taskmaster.server.supervisor import Supervisor

__all__ = ["serve", "supervise"]


def serve(app: Flask, listener: socket.socket | None = None) -> None:
    """Serve `app` in this process until SIGTERM or SIGINT; return when all is closed.

    Without a `listener`: the supervisor's, or a new one on HOST and PORT.
    """
    stop = StopFlag()
    listeners.raise_descriptor_limit()
    listener = listener or listeners.inherited()
    if listener is None:
        listener = listeners.bind(app.config["HOST"], app.config["PORT"])
        listeners.announce(listener, app.config["ENVIRONMENT"])
    run(app, listener, stop)


def supervise(settings: Mapping[str, Any]) -> int:
    """Run WEB_CONCURRENCY processes like this one on one port; return the exit code."""
    stop = StopFlag()
    if os.name != "posix":
        raise SystemExit("WEB_CONCURRENCY above 1 needs a POSIX system.")
    listener = listeners.bind(settings["HOST"], settings["PORT"])
    listeners.announce(listener, settings["ENVIRONMENT"])
    grace = settings.get("SHUTDOWN_SECONDS", DEFAULT_SHUTDOWN_SECONDS)
    return Supervisor(listener, settings["WEB_CONCURRENCY"], grace).run(stop)
