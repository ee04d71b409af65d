"""One connection, request after request.

Plain blocking sockets: whether a wait holds a thread or a green thread is decided by `wsgi.py`
alone, so all async modes speak exactly the same HTTP.
"""

import io
import logging
import sys
from typing import Any
from wsgiref.types import WSGIApplication

from taskmaster.core.concurrency import pause
from taskmaster.core.errors import ErrorCode
from taskmaster.server import head, refusal
from taskmaster.server.body import Body
from taskmaster.server.connections import Connection
from taskmaster.server.reader import Reader, TooLongError
from taskmaster.server.response import Response

_log = logging.getLogger(__name__)


class Handler:
    """Answers the requests of any number of connections with one WSGI app."""

    def __init__(
        self, app: WSGIApplication, server_name: str, port: int, several: bool, max_body: int | None
    ) -> None:
        """`several`: other processes serve the same app; `max_body`: bytes."""
        self._app = app
        self._max_body = max_body
        self._base: dict[str, Any] = {
            "SCRIPT_NAME": "",
            "SERVER_NAME": server_name,
            "SERVER_PORT": str(port),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": several,
            "wsgi.run_once": False,
            "wsgi.input_terminated": True,
        }

    def serve(self, connection: Connection) -> None:
        """Answer until either side wants to end; log whatever should not have happened."""
        try:
            reader = Reader(connection.sock)
            while self._serve_one(connection, reader):
                # Fairness: a client that always has a next request waits for the others' turn.
                pause()
        except OSError:
            pass  # the client has gone, or was cut
        except Exception:
            _log.exception("error in the server")

    def _serve_one(self, connection: Connection, reader: Reader) -> bool:
        """Answer one request; tell whether the connection can take another."""
        try:
            environ = self._read_head(connection, reader)
            length = head.body_length(environ)
        except head.HeadError as error:
            return self._refuse(connection, error)
        body = None
        if length != 0:
            expects = environ.get("HTTP_EXPECT", "").lower() == "100-continue"
            body = Body(reader, connection, length, expects, self._max_body)
        environ["wsgi.input"] = io.BytesIO() if body is None else body
        response = Response(connection, environ, body, _wants_to_stay(environ))
        response.run(self._app)
        return _finish(connection, response, body)

    def _read_head(self, connection: Connection, reader: Reader) -> dict[str, Any]:
        reader.skip(b"\r\n")
        connection.begin_head()
        environ = {
            **self._base,
            "REMOTE_ADDR": connection.address[0],
            "REMOTE_PORT": str(connection.address[1]),
            "taskmaster.socket": connection.sock,
        }
        try:
            head.parse(reader.until(b"\r\n\r\n", head.MAX_HEAD), environ)
        except TooLongError:
            raise head.too_large(reader.buffered) from None
        connection.begin_request()
        return environ

    def _refuse(self, connection: Connection, error: head.HeadError) -> bool:
        refusal.send(connection.sock, error.status, ErrorCode.MALFORMED_REQUEST, str(error))
        connection.linger()
        return False


def _wants_to_stay(environ: dict[str, Any]) -> bool:
    option = environ.get("HTTP_CONNECTION", "").lower()
    if environ["SERVER_PROTOCOL"] == "HTTP/1.1":
        return "close" not in option
    return "keep-alive" in option


def _finish(connection: Connection, response: Response, body: Body | None) -> bool:
    if response.keep and (body is None or body.drain()):
        connection.end_request()
        return True
    if body is not None and not body.ended:
        connection.linger()
    return False
