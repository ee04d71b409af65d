"""Takes a connection over from HTTP: finds the client's socket, and ends the WSGI call."""

import contextlib
import errno
import socket
from collections.abc import Iterable
from typing import Any, NoReturn
from wsgiref.types import WSGIApplication, WSGIEnvironment

import structlog
from flask import Response, request
from werkzeug.exceptions import default_exceptions

from ..core.errors import ApiError, ErrorCode, handle_http_exception

log = structlog.get_logger(__name__)


class Connection:
    """The connection below a stream."""

    has_backlog = False  # True while something that was sent waits for the client to read it
    queued = 0  # characters of it that wait here, and not in the system

    def __init__(self, raw: socket.socket | None = None) -> None:
        self._socket = raw

    def abort(self) -> None:
        """End it at once, which frees whoever reads or writes."""
        if self._socket:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)


class Upgrade(Response):
    """A response that lets a WSGI application take the connection over, or refuse to."""

    def __init__(self, application: WSGIApplication) -> None:
        """Raise ApiError (503) where the server does not give the socket."""
        if find_socket(request.environ) is None:
            detail = "This server opens no WebSockets; gunicorn and `flask run` do."
            raise ApiError(ErrorCode.UNAVAILABLE, detail)
        super().__init__(status=101)
        self.headers.clear()
        self._application = application

    def __call__(self, environ: WSGIEnvironment, start_response: Any) -> Iterable[bytes]:
        """Run the application until the connection is over."""
        begun: list[tuple[Any, ...]] = []
        body = self._application(environ, lambda *begin: begun.append(begin))  # type: ignore[arg-type]
        if not begun:  # it was taken over
            end_call(environ)
        response = with_problem(Response(body, *begun[0][:2]))
        response.headers.extend(self.headers)
        return response(environ, start_response)


def with_problem(response: Response) -> Response:
    """Return a response of a library; with problem details if it is a refusal."""
    if response.status_code < 400:
        return response
    log.info("stream_refused", status=response.status_code)
    return handle_http_exception(default_exceptions[response.status_code]())


def find_socket(environ: WSGIEnvironment) -> socket.socket | None:
    """Return the client's socket: from gunicorn, Flask's own server or eventlet's."""
    found = environ.get("gunicorn.socket") or environ.get("werkzeug.socket")
    if found is None and hasattr(environ.get("eventlet.input"), "get_socket"):
        found = environ["eventlet.input"].get_socket()
    return found


def end_call(environ: WSGIEnvironment) -> NoReturn:
    """End the connection. Raise ConnectionResetError, which servers take for a client that left."""
    Connection(find_socket(environ)).abort()
    raise ConnectionResetError(errno.ECONNRESET, "the connection is over")
