"""The tables, past the API: a refused request must change none of what they hold."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import select, text, update

from taskmaster.accounts.models import users
from taskmaster.extensions import Base
from tests.support.api import User
from tests.support.databases import Database

Contents = dict[str, list[tuple[Any, ...]]]


def contents(database: Database) -> Contents:
    """Return every row of every table, in an order that does not depend on the database's."""
    tables = Base.metadata.sorted_tables
    with database.engine.connect() as connection:
        return {
            table.name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr)
            for table in tables
        }


@contextmanager
def nothing_changes(database: Database) -> Iterator[None]:
    """Assert that the block leaves every table as it was."""
    before = contents(database)
    yield
    assert contents(database) == before


def make_superuser(database: Database, user: User) -> User:
    """Let somebody see the admin pages; return them."""
    with database.engine.begin() as connection:
        one = users.c.id == user.id
        connection.execute(update(users).where(one).values(is_superuser=True))
    return user


def rename(database: Database, table: str, name: str) -> None:
    """Take a table away by giving it another name, or bring it back."""
    with database.engine.begin() as connection:
        connection.execute(text(f"ALTER TABLE {table} RENAME TO {name}"))
