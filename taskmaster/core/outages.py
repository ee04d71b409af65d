"""What fails again and again is told once, then ever less often, and once when it is over."""

import os
import sqlite3
from typing import Any

import structlog
from prometheus_client import Counter

from . import clock

log = structlog.get_logger(__name__)

FAILURES = Counter("failures", "What failed, each time; the log tells it rarely.", ["event"])
DAMAGES = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
MAX_CAUSES = 8  # of one outage that are told as soon as they come
PAUSE, MAX_PAUSE = 10.0, 600.0  # seconds between two lines: the first, and the longest


def describe(error: Exception) -> dict[str, str]:
    """Return what a log line says of an error.

    Of a database error it is the driver's own message, without the statement and its values. No
    driver repeats a password there.
    """
    said = getattr(error, "orig", error)
    primary = getattr(getattr(said, "diag", None), "message_primary", None)  # psycopg's own words
    return {"error": type(error).__name__, "cause": primary or str(said)}


def is_damage(error: Exception) -> bool:
    """Tell whether SQLAlchemy raised this because SQLite's file is damaged."""
    code = getattr(getattr(error, "orig", None), "sqlite_errorcode", 0)
    return code & 0xFF in DAMAGES


class Outage:
    """One thing that may fail for a while, with its name in the log."""

    def __init__(self, event: str) -> None:
        self._event = event
        self._times = 0  # since it began; 0 while all is well
        self._began = self._last = self._due = self._pause = 0.0
        self._causes = set[tuple[str, ...]]()  # that have been told since

    def failed(self, error: Exception | None = None, **details: Any) -> None:
        """Count a failure; log the first one, a new cause, and what was last told long ago."""
        FAILURES.labels(self._event).inc()
        now = clock.monotonic()
        if not self._times or now - self._last > MAX_PAUSE:
            self._times, self._began, self._due, self._pause = 0, now, now, PAUSE / 2
            self._causes.clear()
        self._times, self._last = self._times + 1, now
        said = describe(error) if error else {}
        cause = tuple(said.values())
        is_new = cause not in self._causes and len(self._causes) < MAX_CAUSES
        if is_new or now >= self._due:
            log.error(self._event, times=self._times, pid=os.getpid(), **details, **said)
        if is_new:
            self._causes.add(cause)
        if now >= self._due:
            self._pause = min(2 * self._pause, MAX_PAUSE)
            self._due = now + self._pause

    def failed_within(self, seconds: float) -> bool:
        """Tell whether it failed in the last so many seconds."""
        return bool(self._times) and clock.monotonic() - self._last < seconds

    def succeeded(self, **details: Any) -> None:
        """Log the end of an outage after PAUSE seconds without failure. Call it at each success."""
        if self._times and clock.monotonic() - self._last > PAUSE:
            figures = {"times": self._times, "seconds": round(clock.monotonic() - self._began, 1)}
            log.warning(f"{self._event}_over", pid=os.getpid(), **figures, **details)
            self._times = 0


ACCEPTING = Outage("accept_failed")  # of connections, in whatever serves
