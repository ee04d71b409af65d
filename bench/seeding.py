"""Rows straight into a database, as fast as it takes them."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from psycopg import sql


def insert(url: str, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Insert rows in one transaction."""
    if url.startswith("sqlite"):
        values = ", ".join("?" * len(columns))
        statement = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({values})"  # noqa: S608
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as database, database:
            database.executemany(statement, rows)
        return
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    copy = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), names)
    with psycopg.connect(url) as connection, connection.cursor().copy(copy) as stream:
        for row in rows:
            stream.write_row(row)


def analyze(url: str) -> None:
    """Do what PostgreSQL does by itself some time after so many new rows."""
    if url.startswith("postgresql"):
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")


def moments(count: int) -> Iterator[datetime]:
    """Return so many times of the past, a second apart."""
    begun = datetime.now(UTC) - timedelta(seconds=count)
    return (begun + timedelta(seconds=number) for number in range(count))
