"""Deletes an account: one transaction shuts it, then its rows are deleted in parts.

The transaction deletes the head of the user's log, so that no event can be written any more. It
ends the sessions and empties the user's row, so that nobody can log in and the names are free.
Then all rows of the user are deleted in parts, the user's own row last. If a process dies before
that, `prune` finds a user with neither head nor password, and finishes. A user who lacks only one
of the two was inserted in some other way, and is kept.
"""

from sqlalchemy import Column, Connection, delete, select

from ..core.concurrency import in_turns
from ..core.database import writing
from ..core.parts import delete_in_parts, read_in_parts
from ..events.models import StreamHead
from . import sessions
from .models import NO_PASSWORD, UserRow, update_unless_changed, users

EMPTY = {"first_name": None, "last_name": None, "password_hash": NO_PASSWORD}
USERS = select(users.c.id, StreamHead.user_id, users.c.password_hash).outerjoin(
    StreamHead, StreamHead.user_id == users.c.id
)


def begin(connection: Connection, user: UserRow) -> list[str] | None:
    """Shut an account; return the sessions that have ended, to be announced after the commit.

    Return None if its password changed or it was deactivated since it was read: then roll back.
    """
    # The head first, as every writer takes it first: no deadlock, and no task after it.
    connection.execute(delete(StreamHead).where(StreamHead.user_id == user.id))
    # Then the user, as a log-in does: a session that it opens meanwhile is found below.
    names = {"username": user.id, "email": user.id}  # unique, and no valid names
    if update_unless_changed(connection, user, EMPTY | names) is None:
        return None
    return sessions.end_in(connection, user.id, sessions.ALL)


def finish(user_id: str) -> None:
    """Delete all that belongs to a shut account, and then the account."""
    for owner in owner_columns():
        delete_in_parts(owner.table, owner == user_id)
    with writing() as connection:
        connection.execute(delete(users).where(users.c.id == user_id))


def owner_columns() -> list[Column[str]]:
    """Return the columns, of all features, that say whose a row is."""
    tables = users.metadata.sorted_tables
    return [column for table in tables for column in table.c if column.references(users.c.id)]


def prune() -> int:
    """Finish what was begun and not finished; return how many accounts that were."""
    every = in_turns(read_in_parts(USERS, users.c.id))
    shut = [id_ for id_, head, password in every if not head and password == NO_PASSWORD]
    for user_id in shut:
        finish(user_id)
    return len(shut)
