"""Memory that is free is given back to the system every few seconds, where the C library is glibc.

Its own thresholds (mallopt) would give it back at once. Then every hash of a password has to take
its 19 MiB from the system again, and hashing takes nearly twice as long.
"""

import ctypes
import platform
from functools import partial

from flask import Flask

from ..core import lifecycle

EVERY = 2  # seconds
M_ARENA_MAX = -8  # mallopt(3)


def init_app(app: Flask) -> None:
    """Give memory back while the application serves."""
    if platform.libc_ver()[0] == "glibc":
        libc = ctypes.CDLL(None)
        # One arena for all threads: only the first is given back to its end.
        lifecycle.on_start(app, partial(libc.mallopt, M_ARENA_MAX, 1))
        lifecycle.every(app, EVERY, partial(libc.malloc_trim, 0), "memory")
