"""The one reader of the time: tests move it here and nowhere else."""

from datetime import UTC, datetime


def now() -> datetime:
    """Return the current time, aware, in UTC."""
    return datetime.now(UTC)


def rfc3339(moment: datetime | None) -> str | None:
    """Write a time with offset and all six digits of its microseconds."""
    return moment and moment.isoformat(timespec="microseconds")
