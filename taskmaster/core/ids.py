"""Identifiers that sort by the time they were made."""

import secrets
from uuid import UUID

from .clock import now


def uuid7() -> str:
    """Return a new UUIDv7 (RFC 9562, section 5.7): 48 bits of milliseconds, then random."""
    milliseconds = int(now().timestamp() * 1000)
    value = milliseconds << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 7 << 76  # version
    value = value & ~(0x3 << 62) | 2 << 62  # variant
    return str(UUID(int=value))
