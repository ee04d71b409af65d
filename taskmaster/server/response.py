"""The WSGI side of one request (PEP 3333): run the app, write what it answers.

Every piece that the app yields is sent at once, so that streams stream.
"""

import logging
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any
from wsgiref.types import WSGIApplication

from taskmaster.core.errors import ErrorCode
from taskmaster.server import refusal
from taskmaster.server.body import Body
from taskmaster.server.connections import WRITE_SECONDS, Connection

_log = logging.getLogger(__name__)

ExcInfo = tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None]


class ClientGoneError(Exception):
    """The client can no longer be written to."""


class Response:
    """Answers one request; `keep` tells afterwards whether the connection goes on."""

    def __init__(
        self, connection: Connection, environ: dict[str, Any], body: Body | None, keep: bool
    ) -> None:
        self._connection = connection
        self._environ = environ
        self._body = body
        self.keep = keep
        self._status = ""
        self._headers: list[tuple[str, str]] = []
        self._begun = False
        self._chunked = False
        self._bodyless = False

    def run(self, app: WSGIApplication) -> None:
        """Call `app` and send its answer. What goes wrong ends the connection and is not raised."""
        try:
            self._run(app)
        except ClientGoneError:
            self.keep = False
        except Exception as error:
            self.keep = False
            hijacked = self._environ.get("taskmaster.hijacked")
            if hijacked and isinstance(error, OSError):
                return  # the client has gone, or was cut
            _log.exception("error outside the app's own error handling")
            if not (self._begun or hijacked):
                refusal.send(
                    self._connection.sock, 500, ErrorCode.INTERNAL_ERROR, "A fault of ours."
                )

    def _run(self, app: WSGIApplication) -> None:
        result = app(self._environ, self._start_response)
        try:
            if self._environ.get("taskmaster.hijacked"):
                self.keep = False
                return
            self._send_all(result)
        finally:
            close = getattr(result, "close", None)
            if close is not None:
                close()

    def _start_response(
        self,
        status: str,
        headers: list[tuple[str, str]],
        exc_info: ExcInfo | None = None,
        /,
    ) -> Callable[[bytes], object]:
        if exc_info and exc_info[1] and self._begun:
            raise exc_info[1].with_traceback(exc_info[2])
        if self._status and not exc_info:
            raise AssertionError("start_response() called twice")
        self._status, self._headers = status, headers
        return self._write

    def _send_all(self, result: Iterable[bytes]) -> None:
        whole = isinstance(result, list) and len(result) == 1
        for data in result:
            if data:
                self._write(data, whole)
        if not self._begun:
            self._write(b"", whole=True)
        if self._chunked:
            self._send(b"0\r\n\r\n")

    def _write(self, data: bytes, whole: bool = False) -> None:
        head = b"" if self._begun else self._head(len(data) if whole else None)
        if self._bodyless:
            data = b""
        elif self._chunked and data:
            data = b"%x\r\n%b\r\n" % (len(data), data)
        if head or data:
            self._send(head + data)

    def _head(self, length: int | None) -> bytes:
        """Build status line and headers; `length` is the body's, if known."""
        if not self._status:
            raise AssertionError("write() before start_response()")
        names = {name.lower() for name, _ in self._headers}
        lines = [f"HTTP/1.1 {self._status}", *(f"{name}: {value}" for name, value in self._headers)]
        if "date" not in names:
            lines.append(f"Date: {self._connection.date}")
        self._frame(names, lines, length)
        self._persist(names, lines)
        lines.append("\r\n")
        head = "\r\n".join(lines)
        # A header that holds a line end would be two, or a second response.
        if not head.count("\r") == head.count("\n") == len(lines):
            raise ValueError("a line end in a response header")
        self._begun = True
        return head.encode("latin-1")

    def _frame(self, names: set[str], lines: list[str], length: int | None) -> None:
        """Decide how the client knows where the body ends (RFC 9112 6.3)."""
        code = self._status[:3]
        self._bodyless = (
            self._environ["REQUEST_METHOD"] == "HEAD" or code in ("204", "304") or code[0] == "1"
        )
        if "content-length" in names or self._bodyless:
            return
        if length is not None:
            lines.append(f"Content-Length: {length}")
        elif self._environ["SERVER_PROTOCOL"] == "HTTP/1.1":
            self._chunked = True
            lines.append("Transfer-Encoding: chunked")
        else:
            self.keep = False

    def _persist(self, names: set[str], lines: list[str]) -> None:
        """Decide whether the connection goes on, and tell the client."""
        if "connection" in names:
            self.keep = False
            return
        self.keep = self.keep and self._connection.may_serve_on()
        if self._body is not None:
            self.keep = self.keep and self._body.may_keep()
        if not self.keep:
            lines.append("Connection: close")
        elif self._environ["SERVER_PROTOCOL"] == "HTTP/1.0":
            lines.append("Connection: keep-alive")

    def _send(self, data: bytes) -> None:
        connection = self._connection
        connection.allow(WRITE_SECONDS)
        try:
            connection.sock.sendall(data)
        except OSError as error:
            raise ClientGoneError from error
        connection.allow_forever()
