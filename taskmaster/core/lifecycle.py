"""What an app does when its process begins to serve, and when it stops.

`create_app()` only registers: nothing runs in a command, a test or a process that never serves.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from flask import Flask

_KEY = "taskmaster.lifecycle"
_log = logging.getLogger(__name__)

Callback = Callable[[], object]


@dataclass
class _Lifecycle:
    starts: list[Callback] = field(default_factory=list)
    stops: list[Callback] = field(default_factory=list)
    stopping: bool = False


def _of(app: Flask) -> _Lifecycle:
    lifecycle: _Lifecycle = app.extensions.setdefault(_KEY, _Lifecycle())
    return lifecycle


def on_start(app: Flask, callback: Callback) -> None:
    """Run `callback` in the serving process, once it listens."""
    _of(app).starts.append(callback)


def on_stop(app: Flask, callback: Callback) -> None:
    """Run `callback` when the process is told to stop, while its connections still stand."""
    _of(app).stops.append(callback)


def stopping(app: Flask) -> bool:
    """Tell whether the process is on its way out: begin nothing that lasts."""
    return _of(app).stopping


def start(app: Flask) -> None:
    """Run what was registered with `on_start`, in order; an error ends the start-up."""
    for callback in _of(app).starts:
        callback()


def begin_stop(app: Flask) -> None:
    """Make `stopping()` true."""
    _of(app).stopping = True


def stop(app: Flask) -> None:
    """Run what was registered with `on_stop`, last first; one failure does not keep the others."""
    for callback in reversed(_of(app).stops):
        try:
            callback()
        except Exception:
            _log.exception("a stop callback failed")
