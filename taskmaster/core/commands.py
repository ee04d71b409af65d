"""What the commands of a shell share."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from click import ClickException
from sqlalchemy.exc import DBAPIError, OperationalError

from .outages import is_damage

NEW_DATABASE = " A new database needs `flask --app wsgi db upgrade`."
OF_OPERATORS = ("42501", "25006")  # SQLSTATEs: our role lacks a right; it takes no writes


@contextmanager
def in_one_line(migrating: bool = False) -> Iterator[None]:
    """Say what the database refused without a traceback, and exit with 1.

    While migrating, a statement that is wrong is a fault of ours and keeps its traceback.
    """
    try:
        yield
    except DBAPIError as error:
        if migrating and not _is_of_operators(error):
            raise
        reason = str(error.orig).partition("\n")[0]
        hint = "" if migrating or is_damage(error) else NEW_DATABASE
        raise ClickException(f"The database: {reason}.{hint}") from None


def _is_of_operators(error: DBAPIError) -> bool:
    """Tell whether operators can help: it is away, damaged, read-only, or grants too little."""
    if getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR:  # a wrong statement
        return False
    state = getattr(error.orig, "sqlstate", None)
    return isinstance(error, OperationalError) or state in OF_OPERATORS or is_damage(error)
