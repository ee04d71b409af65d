"""The tables of tasks."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Dialect, ForeignKey, Index, SmallInteger, String, Table, Text
from sqlalchemy.orm import Mapped, mapped_column

from ..core.columns import Id, UTCDateTime
from ..extensions import Base

NEVER = datetime.max.replace(tzinfo=UTC)
# Ordered by code point on both databases, whatever the locale of PostgreSQL.
Title = String(100).with_variant(String(100, collation="C"), "postgresql")
Word = String(200).with_variant(String(200, collation="C"), "postgresql")


class DueDate(UTCDateTime):
    """A time or none, none stored as the last of all: it sorts and pages like any other."""

    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any] | None:
        process = super().bind_processor(dialect)
        return lambda moment: process(moment or NEVER) if process else moment or NEVER

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any] | None:
        process = super().result_processor(dialect, coltype)

        def read(stored: Any) -> datetime | None:
            moment = process(stored) if process else stored
            return None if moment == NEVER else moment

        return read


class Task(Base):
    """A task of one user. `version` counts its changes, for ETag and If-Match."""

    __tablename__ = "tasks"
    __table_args__ = (
        Index("ix_tasks_date_created", "user_id", "date_created", "id"),
        Index("ix_tasks_last_updated", "user_id", "last_updated", "id"),
        Index("ix_tasks_due_date", "user_id", "due_date", "id"),
        Index("ix_tasks_title", "user_id", "title", "id"),
        Index("ix_tasks_priority", "user_id", "priority", "id"),
        Index("ix_tasks_status", "user_id", "status_task", "date_created", "id"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    user_id: Mapped[str] = mapped_column(Id, ForeignKey("users.id", ondelete="CASCADE"))
    title: Mapped[str] = mapped_column(Title)
    description: Mapped[str] = mapped_column(Text)
    status_task: Mapped[str] = mapped_column(String(11))
    date_created: Mapped[datetime] = mapped_column(UTCDateTime)
    last_updated: Mapped[datetime] = mapped_column(UTCDateTime)
    due_date: Mapped[datetime | None] = mapped_column(DueDate, nullable=False)
    priority: Mapped[int] = mapped_column(SmallInteger)  # by rank, so that it sorts
    version: Mapped[int] = mapped_column(default=1)


class TaskWord(Base):
    """A word of a task's title or description, as search compares them.

    No foreign key to the task: it would need an index of its own, and the words to delete can
    be told from the task's text.
    """

    __tablename__ = "task_words"
    __table_args__ = ({"sqlite_with_rowid": False},)

    user_id: Mapped[str] = mapped_column(
        Id, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    word: Mapped[str] = mapped_column(Word, primary_key=True)
    task_id: Mapped[str] = mapped_column(Id, primary_key=True)


tasks: Table = Task.__table__  # type: ignore[assignment]
task_words: Table = TaskWord.__table__  # type: ignore[assignment]
