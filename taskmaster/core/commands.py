"""What the commands of a shell share."""

from collections.abc import Iterator
from contextlib import contextmanager

from click import ClickException
from sqlalchemy.exc import DBAPIError

NEW_DATABASE = " A new database needs `flask --app wsgi db upgrade`."


@contextmanager
def in_one_line(kind: type[DBAPIError] = DBAPIError, hint: str = NEW_DATABASE) -> Iterator[None]:
    """Say what the database refused without a traceback, and exit with 1."""
    try:
        yield
    except kind as error:
        reason = str(error.orig).partition("\n")[0]
        raise ClickException(f"The database: {reason}.{hint}") from None
