"""The engine, the tables, and a session for each request."""

import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID, uuid4

from fastapi import Depends
from sqlalchemy import DateTime, ForeignKey, Index, String, Text, event
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}
scheme, _, rest = os.environ["DATABASE_URL"].partition("://")
engine = create_async_engine(f"{DRIVERS[scheme]}://{rest}", pool_size=10)
new_session = async_sessionmaker(engine, expire_on_commit=False)

if scheme == "sqlite":

    @event.listens_for(engine.sync_engine, "connect")
    def set_pragmas(connection: Any, _: object) -> None:
        """Let readers run beside the writer, and writers wait for each other."""
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=20000"):
            connection.execute(f"PRAGMA {pragma}")


def now() -> datetime:
    """Return the present time."""
    return datetime.now(UTC)


class Base(DeclarativeBase):
    """The tables."""

    type_annotation_map = {datetime: DateTime(timezone=True)}


class User(Base):
    """An account."""

    __tablename__ = "users"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    username: Mapped[str] = mapped_column(String(150), unique=True)
    email: Mapped[str] = mapped_column(String(255), unique=True)
    hashed_password: Mapped[str] = mapped_column(String(255))
    last_login: Mapped[datetime | None]


class Task(Base):
    """A task of one user."""

    __tablename__ = "tasks"
    __table_args__ = (Index("ix_tasks_owner", "owner_id", "date_created"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    owner_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    title: Mapped[str] = mapped_column(String(100))
    description: Mapped[str] = mapped_column(Text, default="")
    status_task: Mapped[str] = mapped_column(String(11))
    priority: Mapped[str] = mapped_column(String(6))
    due_date: Mapped[datetime | None]
    date_created: Mapped[datetime] = mapped_column(default=now)
    last_updated: Mapped[datetime] = mapped_column(default=now, onupdate=now)


async def get_session() -> AsyncIterator[AsyncSession]:
    """Give a request its session."""
    async with new_session() as session:
        yield session


SessionDep = Annotated[AsyncSession, Depends(get_session)]


async def create_tables() -> None:
    """Make the tables of an empty database."""
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    await engine.dispose()
