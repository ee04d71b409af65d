"""The tables of the log."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from ..core.columns import Id, UTCDateTime
from ..extensions import db


class StreamHead(db.Model):  # type: ignore[name-defined]
    """Where a user's log stands. Its row lock puts that user's writers in line."""

    __tablename__ = "stream_heads"

    user_id: Mapped[str] = mapped_column(
        Id, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    seq: Mapped[int] = mapped_column(BigInteger, default=0)
    task_count: Mapped[int] = mapped_column(default=0)


class Event(db.Model):  # type: ignore[name-defined]
    """One committed change. `payload` is the JSON that clients get, made once.

    `state` is how a deleted task was, for a restore; clients do not get it.
    """

    __tablename__ = "events"
    __table_args__ = (Index("ix_events_history", "user_id", "task_id", "seq"),)

    user_id: Mapped[str] = mapped_column(
        Id, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    action: Mapped[str] = mapped_column(String(20))
    task_id: Mapped[str] = mapped_column(Id)
    occurred_at: Mapped[datetime] = mapped_column(UTCDateTime)
    payload: Mapped[str] = mapped_column(Text)
    state: Mapped[str | None] = mapped_column(Text)
