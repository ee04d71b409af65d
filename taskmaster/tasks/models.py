"""The tables of tasks."""

from datetime import UTC, datetime

from sqlalchemy import Dialect, ForeignKey, Index, SmallInteger, String, Table, Text, event
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from ..core.columns import Id, UTCDateTime
from ..extensions import db

NEVER = datetime.max.replace(tzinfo=UTC)
MAX_TITLE_KEY = 200  # characters: PostgreSQL takes about 2,700 bytes into an index
# Ordered by code point on both databases, whatever the locale of PostgreSQL.
TitleKey = String(MAX_TITLE_KEY).with_variant(String(MAX_TITLE_KEY, collation="C"), "postgresql")


class DueDate(TypeDecorator[datetime]):
    """A time or none, none stored as the last of all: it sorts and pages like any other."""

    impl = UTCDateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime:
        return value or NEVER

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value == NEVER else value


class Task(db.Model):  # type: ignore[name-defined]
    """A task of one user. `version` counts its changes, for ETag and If-Match.

    The id is made of `date_created`, so the primary key is the index of that order too.
    `title_key` is the title as lists are ordered by it, `search_text` what search looks in.
    """

    __tablename__ = "tasks"
    __table_args__ = (
        Index("ix_tasks_last_updated", "user_id", "last_updated", "id"),
        Index("ix_tasks_due_date", "user_id", "due_date", "id"),
        Index("ix_tasks_title", "user_id", "title_key", "id"),
        Index("ix_tasks_priority", "user_id", "priority", "id"),
        Index("ix_tasks_status", "user_id", "status_task", "id"),
    )

    user_id: Mapped[str] = mapped_column(
        Id, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    title: Mapped[str] = mapped_column(String(100))
    description: Mapped[str] = mapped_column(Text)
    status_task: Mapped[str] = mapped_column(String(11))
    date_created: Mapped[datetime] = mapped_column(UTCDateTime)
    last_updated: Mapped[datetime] = mapped_column(UTCDateTime)
    due_date: Mapped[datetime | None] = mapped_column(DueDate, nullable=False)
    priority: Mapped[int] = mapped_column(SmallInteger)  # by rank, so that it sorts
    version: Mapped[int] = mapped_column(default=1)
    title_key: Mapped[str] = mapped_column(TitleKey)
    search_text: Mapped[str] = mapped_column(Text)


@event.listens_for(Task, "before_insert")
@event.listens_for(Task, "before_update")
@event.listens_for(Task, "before_delete")
def _refuse(*_: object) -> None:
    """Refuse what `db.session` would write: no event, no new version, nothing for search."""
    raise RuntimeError("A task changes by tasks/service.py, which writes its event as well.")


tasks: Table = Task.__table__
READ_COLUMNS = [c for c in tasks.c if c.name not in {"user_id", "title_key", "search_text"}]
CHANGING = (*READ_COLUMNS, tasks.c.search_text)  # what a change needs to know
