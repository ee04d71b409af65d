"""The connection by which a request reads: one, opened when needed, given back before a wait."""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import has_app_context
from sqlalchemy import Connection

from .current import current_globals


class Reader:
    """The connection of one request; None while there is none."""

    connection: Connection | None = None

    def give_back(self) -> None:
        """Give the connection back, if there is one."""
        connection, self.connection = self.connection, None
        if connection is not None:
            connection.close()


@contextmanager
def keeping_reader() -> Iterator[None]:
    """Let all that read in this block share one connection, which the first of them opens."""
    g = current_globals()
    g.reader = reader = Reader()
    try:
        yield
    finally:
        reader.give_back()
        del g.reader


def give_back() -> None:
    """Give back the connection that this request keeps, if there is one."""
    if has_app_context() and (reader := current_globals().get("reader")):
        reader.give_back()
