"""What code must know about the async mode: nothing, but for slow CPU work.

Threads, locks, events and sleeps of the standard library are green where the server has patched
an async library in.
"""

import os
import sys
import time
from _queue import Empty, SimpleQueue
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import TypeVar, cast

from flask import Flask, current_app

from . import clock
from .errors import ErrorCode
from .lines import Lines
from .slots import Slot

R = TypeVar("R")
T = TypeVar("T")

TURN = 0.01  # seconds of work after which others have theirs

# As many hashes at once as there are likely to be cores: each takes tens of MiB.
_THREADS = 2
_MAX_WAIT = 10  # seconds
_EMPTY = SimpleQueue[None]()  # the one in C waits in C: async libraries replace only `queue`'s
SLOW_WORK = Slot[Lines]("slow_work")  # one line, in which it waits for a thread


def init_app(app: Flask) -> None:
    """Serve in the mode that is patched in, whatever ASYNC_MODE asks gunicorn for."""
    app.config["ASYNC_MODE"] = mode = patched_mode()
    length = app.config["HASHING_QUEUE"]
    SLOW_WORK.fill(app, Lines(length, _MAX_WAIT, _THREADS, full=ErrorCode.UNAVAILABLE))
    if mode == "eventlet":
        # psycopg knows gevent by itself; with eventlet it would block every request.
        os.environ.setdefault("PSYCOPG_WAIT_FUNC", "wait_select")
        os.environ.setdefault("EVENTLET_THREADPOOL_SIZE", str(_THREADS + 1))  # one for SQLite


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


def pause(seconds: float = 1e-9) -> None:
    """Let others run for `seconds`; by default, let those that are ready run once.

    The default is not 0: after `sleep(0)` gevent looks at no connection, up to 50 times in a row.
    """
    time.sleep(seconds)  # noqa: TID251 - the one place; green where patched


def block(seconds: float) -> None:
    """Sleep without letting green threads run: for waits much shorter than their turns."""
    with suppress(Empty):
        _EMPTY.get(timeout=seconds)


def in_turns(parts: Iterable[T]) -> Iterator[T]:
    """Yield the parts of long work, and let others run whenever it has taken TURN seconds."""
    begun = clock.monotonic()
    for part in parts:
        if clock.monotonic() - begun > TURN:
            pause()
            begun = clock.monotonic()
        yield part


def run_blocking(function: Callable[..., R], *args: object) -> R:
    """Call `function(*args)` without holding up other requests, and return its result.

    It may run in another thread: pass it all that it needs, it has no app context. Two run at
    once. Raise ApiError (503) if HASHING_QUEUE wait already.
    """
    with SLOW_WORK.get().turn(""):
        return in_thread(function, *args)


def in_thread(function: Callable[..., R], *args: object) -> R:
    """Call `function(*args)` in another thread, and return its result; others run meanwhile.

    With ASYNC_MODE=threading it runs in the caller's own thread.
    """
    mode = current_app.config["ASYNC_MODE"]
    if mode == "eventlet":
        from eventlet import tpool

        return cast(R, tpool.execute(function, *args))
    if mode == "gevent":
        from gevent import get_hub

        return cast(R, get_hub().threadpool.apply(function, args))
    return function(*args)
