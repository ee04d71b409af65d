"""What operators do with accounts. Each call owns its transaction and is a line in the log.

`by` says who did it, for that line. A change of an account returns what to tell the operator.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import structlog
from sqlalchemy import Connection, select, update

from ..core import clock
from ..core.database import reading, writing
from ..core.errors import not_found
from ..core.parts import read_in_parts
from . import passwords, sessions
from .models import NOT_DELETED, UserRow, users
from .service import BY_LOGIN, hash_new_password, insert_user, unique

log = structlog.get_logger(__name__)

NO_ACCOUNT = "There is no such account."


def find(login: str) -> UserRow:
    """Return the account of a username or an e-mail. Raise ApiError (404)."""
    with reading() as connection:
        user = connection.execute(BY_LOGIN, {"login": login.strip().lower()}).first()
    if user is None:
        raise not_found(NO_ACCOUNT)
    return user


def list_all() -> Iterator[UserRow]:
    """Return all accounts by username, some at a time."""
    return read_in_parts(select(users).where(NOT_DELETED), users.c.username, after="")


def create(fields: Mapping[str, Any], is_superuser: bool, by: str) -> UserRow:
    """Make an account, also where REGISTRATION is closed. Raise ApiError (409) if it is there."""
    password_hash = passwords.hash_password(fields["password"])
    with unique(fields), writing() as connection:
        user = insert_user(connection, fields, password_hash, is_superuser=is_superuser)
    log.info("user_created", user_id=user.id, is_superuser=is_superuser, by=by)
    return user


def set_password(user: UserRow, password: str, by: str) -> str:
    """Give a new password and end all sessions. Raise ApiError (404, 422)."""
    changes = {"password_hash": hash_new_password(user, password, "password")}
    count = _change(user, changes, "password_set", by)
    return f"{user.username} has a new password. Sessions ended: {count}"


def deactivate(user: UserRow, by: str) -> str:
    """Deactivate an account and end its sessions. Its data stays."""
    count = _change(user, {"is_active": False}, "user_deactivated", by)
    return f"{user.username} is deactivated. Sessions ended: {count}"


def activate(user: UserRow, by: str) -> str:
    """Allow an account to log in again. Its data is unchanged."""
    with writing() as connection:
        _update(connection, user, {"is_active": True})
    log.info("user_activated", user_id=user.id, by=by)
    return f"{user.username} is active."


def end_sessions(user: UserRow, by: str) -> str:
    """Log an account out everywhere."""
    count = sessions.end(user.id, sessions.ALL)
    log.info("sessions_ended", user_id=user.id, sessions_ended=count, by=by)
    return f"Sessions of {user.username} ended: {count}"


def _change(user: UserRow, changes: Mapping[str, Any], event: str, by: str) -> int:
    """Change an account and end its sessions in one transaction.

    The row comes first: a log-in that waits for it finds it changed, and opens no session.
    """
    with writing() as connection:
        _update(connection, user, changes)
        over = sessions.end_in(connection, user.id, sessions.ALL)
    sessions.announce(user.id, over)
    log.info(event, user_id=user.id, sessions_ended=len(over), by=by)
    return len(over)


def _update(connection: Connection, user: UserRow, changes: Mapping[str, Any]) -> None:
    """Change an account. Raise ApiError (404) if it was deleted meanwhile."""
    known = users.c.id == user.id, NOT_DELETED
    values = {**changes, "last_updated": clock.now()}
    if not connection.execute(update(users).where(*known).values(values)).rowcount:
        raise not_found(NO_ACCOUNT)
