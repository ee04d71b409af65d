"""The one reader of the time of day, but for the log's stamps: tests move it here only."""

import time
from datetime import UTC, datetime


def now() -> datetime:
    """Return the current time, aware, in UTC."""
    return datetime.now(UTC)


def rfc3339(moment: datetime | None) -> str | None:
    """Write a time with offset and all six digits of its microseconds."""
    return moment.isoformat("T", "microseconds") if moment else None


def monotonic() -> float:
    """Return seconds that never run backwards, for measuring how long something takes."""
    return time.monotonic()
