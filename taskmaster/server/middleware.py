"""The WSGI app as the libraries' servers see it: what they do differently ends here."""

import errno
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import structlog
from flask import Flask
from werkzeug.exceptions import BadRequest, InternalServerError, RequestEntityTooLarge
from werkzeug.wsgi import ClosingIterator

from taskmaster.core import lifecycle
from taskmaster.core.errors import handle_http_exception
from taskmaster.server.connections import Connections

log = structlog.get_logger(__name__)

Environ = dict[str, Any]
Headers = list[tuple[str, str]]


class DoneError(ConnectionResetError):
    """Nothing more is to be written: the libraries take it for a client that has gone."""

    def __init__(self) -> None:
        super().__init__(errno.ECONNRESET, "the connection is over")


class SharedEnviron(dict[str, Any]):
    """Flask-SocketIO gives the app a copy, of which the server must still see "hijacked"."""

    def copy(self) -> "SharedEnviron":
        return self


class Chunks:
    """A chunked body of at most `limit` bytes.

    werkzeug refuses too large a Content-Length by itself, but cuts a long body without one.
    """

    def __init__(self, stream: Any, limit: int) -> None:
        self._stream = stream
        self._left = limit
        self.broken = False

    def read(self, size: int = -1) -> bytes:
        """Return up to `size` bytes; raise OSError or ValueError if the framing is wrong."""
        try:
            data: bytes = self._stream.read(size)
            self._left -= len(data)
            # Who has read up to the limit does not read again: look here whether there is more.
            more = data if self._left < 0 else self._left == 0 and self._stream.read(1)
        except (OSError, ValueError):
            self.broken = True
            raise
        if data and more:
            raise RequestEntityTooLarge
        return data


class Middleware:
    """Frames bodies, lets the app take connections over, and ends them when the process does."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self.connections = Connections()

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        environ = SharedEnviron(environ)
        connection = environ["taskmaster.connection"]
        connection.begin(environ)
        clear = _has_clear_length(environ)
        app = self._app if clear else self._refuse
        if "HTTP_TRANSFER_ENCODING" in environ:
            environ["wsgi.input"] = Chunks(
                environ["wsgi.input"], self._app.config["MAX_CONTENT_LENGTH"]
            )
            environ["wsgi.input_terminated"] = True
        chunks = environ["wsgi.input"]

        def respond(status: str, headers: Headers, exc_info: Any = None) -> Any:
            if environ.get("taskmaster.hijacked"):
                return bytes  # swallowed
            names = {name.lower() for name, _ in headers}
            if "content-length" not in names and status.startswith("200"):
                connection.allow(float("inf"))  # a stream
            over = not clear or getattr(chunks, "broken", False)
            if (over or lifecycle.stopping(self._app)) and "connection" not in names:
                headers = [*headers, ("Connection", "close")]
            return start_response(status, headers, exc_info)

        result = _run(app, environ, respond)
        return ClosingIterator(_logged(result), getattr(result, "close", None))

    def _refuse(self, environ: Environ, respond: Any) -> Iterable[bytes]:
        """Answer 400 as the app would, named and logged."""
        with self._app.request_context(environ):
            self._app.preprocess_request()
            response = self._app.process_response(handle_http_exception(BadRequest()))
            return response(environ, respond)


def _has_clear_length(environ: Environ) -> bool:
    """Tell whether a proxy before us must agree where the body ends (RFC 9112, section 6.3)."""
    coding = environ.get("HTTP_TRANSFER_ENCODING", "chunked").lower()
    length = environ.get("CONTENT_LENGTH") or "0"
    return coding == "chunked" and length.isascii() and length.isdecimal()


def _run(app: Any, environ: Environ, respond: Any) -> Iterable[bytes]:
    """Call the app. Raise DoneError if it has taken the connection over."""
    try:
        result: Iterable[bytes] = app(environ, respond)
    except Exception as error:
        hijacked = environ.get("taskmaster.hijacked")
        if not (hijacked and isinstance(error, OSError)):  # that client has gone, or was cut
            log.exception("unhandled_error", error=type(error).__name__)
        result = [] if hijacked else handle_http_exception(InternalServerError())(environ, respond)
    if environ.get("taskmaster.hijacked"):
        getattr(result, "close", bool)()
        raise DoneError
    return result


def _logged(result: Iterable[bytes]) -> Iterator[bytes]:
    """Pass the response on; the libraries would keep an error in the middle of it to themselves."""
    try:
        yield from result
    except Exception as error:
        log.exception("response_broken_off", error=type(error).__name__)
        raise DoneError from None
