"""Long work on the database in parts: no transaction is long, and others are served in between."""

from collections.abc import Iterator
from typing import Any, TypeVarTuple
from uuid import UUID

from sqlalchemy import Column, ColumnElement, Row, Select, Table, delete, select, tuple_

from . import clock
from .concurrency import pause
from .database import DATABASES, reading, writing

Columns = TypeVarTuple("Columns")

DELETED = 100  # rows in one transaction; the largest take 20 ms on SQLite
READ = 500  # rows in one statement
NIL = str(UUID(int=0))  # before every id


def delete_in_parts(
    table: Table, *where: ColumnElement[bool], first: Column[Any] | None = None
) -> int:
    """Delete the rows to which all conditions apply, in the order of `first`; return how many.

    On SQLite it pauses after each part as long as the part took: other processes get the lock too.

    On PostgreSQL it skips the rows that others have locked, so it never waits and cannot deadlock.
    Those rows may be left at the end. If another call of this function had locked them, they are
    one part at most, which that call deletes when it commits.
    """
    key = tuple(table.primary_key.columns)
    some = select(*key).where(*where).order_by(first).limit(DELETED)
    # A CTE is run once. A subquery that skips what is locked may find others each time it is run.
    part = select(some.with_for_update(skip_locked=True).cte(nesting=True))
    statement = delete(table).where(tuple_(*key).in_(part))
    deleted = 0
    while True:
        begun = clock.monotonic()
        with writing(long=True) as connection:
            count = connection.execute(statement).rowcount
        deleted += count
        if count < DELETED:
            return deleted
        if DATABASES.get().gate:
            pause(clock.monotonic() - begun)


def read_in_parts(
    statement: Select[*Columns], key: Column[str], after: str = NIL
) -> Iterator[Row[*Columns]]:
    """Yield the rows of a statement by `key`, one of its columns, from what comes `after`."""
    while True:
        part = statement.where(key > after).order_by(key).limit(READ)
        with reading() as connection:
            rows = connection.execute(part).all()
        yield from rows
        if len(rows) < READ:
            return
        after = rows[-1]._mapping[key]
