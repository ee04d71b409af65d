"""A user's row, and changes that are made only while it still is what was read."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Row, update

from .models import users

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
