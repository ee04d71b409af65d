"""The table of tasks."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, SmallInteger, String, Table, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from ..core.database import UTCDateTime
from ..extensions import Base


class Task(Base):
    """A task of one user. `version` counts its changes, for ETag and If-Match."""

    __tablename__ = "tasks"
    __table_args__ = (Index("ix_tasks_newest", "user_id", "date_created", "id"),)

    id: Mapped[str] = mapped_column(Uuid(as_uuid=False), primary_key=True)
    user_id: Mapped[str] = mapped_column(
        Uuid(as_uuid=False), ForeignKey("users.id", ondelete="CASCADE")
    )
    title: Mapped[str] = mapped_column(String(100))
    description: Mapped[str] = mapped_column(Text)
    status_task: Mapped[str] = mapped_column(String(11))
    date_created: Mapped[datetime] = mapped_column(UTCDateTime)
    last_updated: Mapped[datetime] = mapped_column(UTCDateTime)
    due_date: Mapped[datetime | None] = mapped_column(UTCDateTime)
    priority: Mapped[int] = mapped_column(SmallInteger)  # by rank, so that it sorts
    version: Mapped[int] = mapped_column(default=1)


tasks: Table = Task.__table__  # type: ignore[assignment]
