"""Identifiers that sort by the time they were made."""

import secrets
from datetime import UTC, datetime
from uuid import UUID

from .clock import now

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def uuid7(moment: datetime | None = None) -> str:
    """Return a new UUIDv7 (RFC 9562, section 5.7), of the present unless told of which moment.

    Its first 48 bits are milliseconds, the next 12 the fraction of a millisecond (section 6.2,
    method 3), the rest is random: ids sort by the microsecond.
    """
    milliseconds, microseconds = _since_epoch(moment or now())
    time = milliseconds << 80 | 7 << 76 | (microseconds * 4096 // 1000) << 64
    return str(UUID(int=time | 2 << 62 | secrets.randbits(62)))


def earliest_uuid7(moment: datetime) -> str:
    """Return a lower bound of all UUIDv7s of this millisecond or later."""
    return str(UUID(int=max(0, _since_epoch(moment)[0]) << 80))


def _since_epoch(moment: datetime) -> tuple[int, int]:
    """Return whole milliseconds since 1970, and the microseconds over."""
    since = moment - EPOCH
    milliseconds, microseconds = divmod(since.microseconds, 1000)
    return (since.days * 86400 + since.seconds) * 1000 + milliseconds, microseconds
