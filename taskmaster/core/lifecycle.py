"""What an app does when its process begins to serve, and when it stops.

`create_app()` only registers: nothing runs in a command, a test or a process that never serves.
"""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import structlog
from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from .outages import Outage
from .slots import Slot

log = structlog.get_logger(__name__)

Callback = Callable[[], object]


@dataclass
class _Lifecycle:
    starts: list[Callback] = field(default_factory=list)
    stops: list[Callback] = field(default_factory=list)
    started: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)


LIFECYCLE = Slot("lifecycle", _Lifecycle)


def on_start(app: Flask, callback: Callback) -> None:
    """Run `callback` in the serving process, before its first request."""
    LIFECYCLE.get(app).starts.append(callback)


def on_stop(app: Flask, callback: Callback) -> None:
    """Run `callback` when the process is told to stop, while its connections still stand."""
    LIFECYCLE.get(app).stops.append(callback)


def every(app: Flask, seconds: float, act: Callback, name: str) -> None:
    """Call `act` while the application serves, again after so many seconds, in its own thread.

    An error is told as the outage `<name>_failed`; the next call tries again.
    """
    stopped, outage = threading.Event(), Outage(f"{name}_failed")

    def run() -> None:
        while not stopped.wait(seconds):
            try:
                with app.app_context():
                    act()
                outage.succeeded()
            except SQLAlchemyError as error:
                outage.failed(error)
            except Exception as error:
                outage.failed(error, exc_info=True)

    on_start(app, threading.Thread(target=run, name=name, daemon=True).start)
    on_stop(app, stopped.set)


def start(app: Flask) -> None:
    """Run what was registered with `on_start`, in order, once; an error ends the start-up."""
    lifecycle = LIFECYCLE.get(app)
    with lifecycle.lock:
        for callback in () if lifecycle.started else lifecycle.starts:
            callback()
        lifecycle.started = True


def start_with_first_request(app: Flask) -> None:
    """Start at the first request, for servers that do not tell when they begin."""
    wsgi_app = app.wsgi_app

    def starting(environ: Any, start_response: Any) -> Iterable[bytes]:
        start(app)
        app.wsgi_app = wsgi_app  # type: ignore[method-assign]
        return wsgi_app(environ, start_response)

    app.wsgi_app = starting  # type: ignore[method-assign]


def stop(app: Flask) -> None:
    """Run what was registered with `on_stop`, last first; one failure does not keep the others."""
    for callback in reversed(LIFECYCLE.get(app).stops):
        try:
            callback()
        except Exception:
            log.exception("stop_failed")
