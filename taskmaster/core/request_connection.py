"""The connection by which a request reads: one, opened when needed, given back before a wait."""

from flask import has_app_context
from sqlalchemy import Connection

from .current import current_globals


class RequestConnection:
    """The connection of one request, None while there is none.

    All that read in its block share it, and the first of them opens it.
    """

    connection: Connection | None = None

    def __enter__(self) -> None:
        current_globals().request_connection = self

    def __exit__(self, *_: object) -> None:
        self.return_connection()
        del current_globals().request_connection

    def return_connection(self) -> None:
        """Give the connection back, if there is one."""
        connection, self.connection = self.connection, None
        if connection is not None:
            connection.close()


def return_connection() -> None:
    """Give back the connection that this request keeps, if there is one."""
    if has_app_context() and (kept := current_globals().get("request_connection")):
        kept.return_connection()
