"""Types of columns that mean, and cost, the same on both databases."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect, String, Uuid
from sqlalchemy.types import TypeDecorator

# Ids are text in Python; SQLite keeps that text, so that nothing is converted.
Id = Uuid(as_uuid=False).with_variant(String(36), "sqlite")


class UTCDateTime(TypeDecorator[datetime]):
    """A time in UTC, aware on both databases.

    SQLite has no times and forgets zones: there it is RFC 3339 text of fixed width, which sorts
    as the times do and is read by one call in C.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any] | None:
        return _to_text if dialect.name == "sqlite" else super().bind_processor(dialect)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any] | None:
        return _from_text if dialect.name == "sqlite" else None  # psycopg's are aware, in UTC


def _to_text(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat("T", "microseconds") if moment else None


def _from_text(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
