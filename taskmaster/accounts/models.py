"""Users and their sessions; and changes that are made only while a row still is what was read."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, ForeignKey, Row, String, Table, event, true, update
from sqlalchemy.orm import Mapped, mapped_column

from ..core.columns import Id, UTCDateTime
from ..core.ids import uuid7
from ..events import log as event_log
from ..extensions import db


class User(db.Model):  # type: ignore[name-defined]
    """An account. `username` and `email` are stored in lower case, hence unique without case.

    Who is not active cannot log in; nothing of theirs is lost. Each has a row of `stream_heads`,
    without which no task can be made; whoever inserts users by SQL inserts those too.
    """

    __tablename__ = "users"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=uuid7)
    username: Mapped[str] = mapped_column(String(150), unique=True)
    email: Mapped[str] = mapped_column(String(255), unique=True)
    first_name: Mapped[str | None] = mapped_column(String(255))
    last_name: Mapped[str | None] = mapped_column(String(255))
    password_hash: Mapped[str] = mapped_column(String(255))
    is_superuser: Mapped[bool] = mapped_column(default=False)
    is_active: Mapped[bool] = mapped_column(default=True, server_default=true())
    date_joined: Mapped[datetime] = mapped_column(UTCDateTime)
    last_updated: Mapped[datetime] = mapped_column(UTCDateTime)
    last_login: Mapped[datetime | None] = mapped_column(UTCDateTime)


@event.listens_for(User, "after_insert")
def _open_log(_: object, connection: Connection, user: User) -> None:
    """Add the head of the log for a user that `db.session` inserts."""
    event_log.open_log(connection, user.id)


class Session(db.Model):  # type: ignore[name-defined]
    """A log-in. Its tokens are made from this row and SECRET_KEY, and stored nowhere.

    `generation` counts its refreshes; only the latest generation's refresh token is good.
    """

    __tablename__ = "sessions"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=uuid7)
    user_id: Mapped[str] = mapped_column(Id, ForeignKey("users.id", ondelete="CASCADE"), index=True)
    generation: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    rotated_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    user_agent: Mapped[str] = mapped_column(String(255), default="")


users: Table = User.__table__
sessions: Table = Session.__table__

UserRow = Row[Any]
NO_PASSWORD = ""  # the hash of a deleted account, whose row goes last
NOT_DELETED = users.c.password_hash != NO_PASSWORD


def update_unless_changed(
    connection: Connection, user: UserRow, changes: Mapping[str, Any]
) -> UserRow | None:
    """Change a row unless it got another password, or was deactivated, since it was read."""
    unchanged = (users.c.id == user.id, users.c.password_hash == user.password_hash)
    statement = update(users).where(*unchanged, users.c.is_active).values(changes)
    return connection.execute(statement.returning(users)).first()
