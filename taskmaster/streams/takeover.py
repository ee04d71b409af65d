"""Where HTTP ends: the client's socket as a server gives it, and the end of the WSGI call."""

import contextlib
import errno
import socket
from typing import Any, NoReturn

from ..core.errors import ApiError, ErrorCode

Environ = dict[str, Any]


def find_socket(environ: Environ) -> socket.socket | None:
    """Return the client's socket: from gunicorn, Flask's own server or eventlet's."""
    found = environ.get("gunicorn.socket") or environ.get("werkzeug.socket")
    if found is None and hasattr(environ.get("eventlet.input"), "get_socket"):
        found = environ["eventlet.input"].get_socket()
    return found


def raw_socket(environ: Environ) -> socket.socket:
    """Return the client's socket. Raise ApiError (503) where the server does not give it."""
    if found := find_socket(environ):
        return found
    detail = "This server opens no WebSockets; gunicorn and `flask run` do."
    raise ApiError(ErrorCode.UNAVAILABLE, detail)


def cut(connection: socket.socket) -> None:
    """End a connection at once, which frees whoever reads or writes."""
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def end_call(environ: Environ) -> NoReturn:
    """End the connection, and the WSGI call as one whose client has gone, which is no error."""
    if found := find_socket(environ):
        cut(found)
    raise ConnectionResetError(errno.ECONNRESET, "the connection is over")
