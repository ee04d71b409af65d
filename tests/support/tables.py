"""What the tables hold, straight from the database: a refused request must change none of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import select

from taskmaster.extensions import Base
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
