"""What an app does when its process begins to serve, and when it stops.

`create_app()` only registers: nothing runs in a command, a test or a process that never serves.
"""

import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from flask import Flask

_KEY = "taskmaster.lifecycle"
_log = logging.getLogger(__name__)

Callback = Callable[[], object]


@dataclass
class _Lifecycle:
    starts: list[Callback] = field(default_factory=list)
    stops: list[Callback] = field(default_factory=list)
    started: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)


def _of(app: Flask) -> _Lifecycle:
    lifecycle: _Lifecycle = app.extensions.setdefault(_KEY, _Lifecycle())
    return lifecycle


def on_start(app: Flask, callback: Callback) -> None:
    """Run `callback` in the serving process, before its first request."""
    _of(app).starts.append(callback)


def on_stop(app: Flask, callback: Callback) -> None:
    """Run `callback` when the process is told to stop, while its connections still stand."""
    _of(app).stops.append(callback)


def start(app: Flask) -> None:
    """Run what was registered with `on_start`, in order, once; an error ends the start-up."""
    lifecycle = _of(app)
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
    for callback in reversed(_of(app).stops):
        try:
            callback()
        except Exception:
            _log.exception("a stop callback failed")
