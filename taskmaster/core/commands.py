"""What the commands of a shell share."""

from collections.abc import Iterator
from contextlib import contextmanager

from click import ClickException
from sqlalchemy.exc import DBAPIError, InternalError, OperationalError

NEW_DATABASE = " A new database needs `flask --app wsgi db upgrade`."
INSUFFICIENT_PRIVILEGE = "42501"  # the SQLSTATE


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
        reason, hint = str(error.orig).partition("\n")[0], "" if migrating else NEW_DATABASE
        raise ClickException(f"The database: {reason}.{hint}") from None


def _is_of_operators(error: DBAPIError) -> bool:
    """Tell whether operators can help: it is away, takes no writes, or our role lacks a right."""
    lacks_right = getattr(error.orig, "sqlstate", None) == INSUFFICIENT_PRIVILEGE
    return isinstance(error, OperationalError | InternalError) or lacks_right
