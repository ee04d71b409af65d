"""Users and their sessions."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, Table, true
from sqlalchemy.orm import Mapped, mapped_column

from ..core.columns import Id, UTCDateTime
from ..core.ids import uuid7
from ..extensions import db


class User(db.Model):  # type: ignore[name-defined]
    """An account. `username` and `email` are stored in lower case, hence unique without case.

    Who is not active cannot log in; nothing of theirs is lost.
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
