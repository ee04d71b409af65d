"""What code must know about the async mode: nothing, but for slow CPU work.

Threads, locks, events and sleeps of the standard library are green where the server has patched
an async library in.
"""

import os
import sys
import time
from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

from flask import Flask, current_app

R = TypeVar("R")

# As many hashes at once as there are likely to be cores: each takes tens of MiB.
_THREADS = 2


def init_app(app: Flask) -> None:
    """Serve in the mode that is patched in, whatever ASYNC_MODE asks gunicorn for."""
    app.config["ASYNC_MODE"] = mode = patched_mode()
    if mode == "eventlet":
        # psycopg knows gevent by itself; with eventlet it would block every request.
        os.environ.setdefault("PSYCOPG_WAIT_FUNC", "wait_selector")
        os.environ.setdefault("EVENTLET_THREADPOOL_SIZE", str(_THREADS))


def patched_mode() -> str:
    """Return the async library that the server has patched in; "threading" for none."""
    if "eventlet" in sys.modules:
        from eventlet import patcher

        if patcher.is_monkey_patched("socket"):
            return "eventlet"
    if "gevent" in sys.modules:
        from gevent import monkey  # type: ignore[import-untyped]

        if monkey.is_module_patched("socket"):
            return "gevent"
    return "threading"


def pause(seconds: float = 0) -> None:
    """Let others run for so long; without `seconds`, let those run once that are ready."""
    time.sleep(seconds)  # noqa: TID251 - the one place; green where patched


def run_blocking(function: Callable[..., R], *args: object) -> R:
    """Call `function(*args)` without holding up other requests, and return its result.

    It may run in another thread: pass it all that it needs, it has no app context.
    """
    result: R = _RUNNERS[current_app.config["ASYNC_MODE"]](function, *args)
    return result


def _in_eventlet_pool(function: Callable[..., Any], *args: object) -> Any:
    from eventlet import tpool

    return tpool.execute(function, *args)


@cache
def _gevent_pool() -> Any:
    from gevent.threadpool import ThreadPool  # type: ignore[import-untyped]

    return ThreadPool(_THREADS)


def _in_gevent_pool(function: Callable[..., Any], *args: object) -> Any:
    return _gevent_pool().apply(function, args)


def _here(function: Callable[..., Any], *args: object) -> Any:
    return function(*args)


_RUNNERS: dict[str, Callable[..., Any]] = {
    "eventlet": _in_eventlet_pool,
    "gevent": _in_gevent_pool,
    "threading": _here,
}
