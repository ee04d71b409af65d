"""`wsgi.input`: the body of one request, by length or chunked (RFC 9112, section 7.1).

Whatever is wrong with it is an OSError or a ValueError, which werkzeug answers with 400; after
one, nobody knows where the next request begins, so the connection is not used again.
"""

import io
import re

from werkzeug.exceptions import RequestEntityTooLarge

from taskmaster.server.connections import Connection
from taskmaster.server.reader import Reader

# What is worth reading only to keep a connection: the largest body that is accepted.
_DRAIN_BYTES = 1024 * 1024
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\x00\r\n]*)?").fullmatch
_MAX_LINE = 4096
_MAX_TRAILERS = 100


class Body(io.RawIOBase):
    """Reads exactly one request's body."""

    def __init__(
        self,
        reader: Reader,
        connection: Connection,
        length: int | None,
        expects: bool,
        limit: int | None,
    ) -> None:
        """Read `length` bytes, or chunks. `expects`: the client waits for 100 Continue first.

        `limit` is for chunks only: werkzeug refuses a long length itself, but silently cuts off
        a long body without one.
        """
        self._reader = reader
        self._connection = connection
        self._chunked = length is None
        self._left = length or 0
        self.ended = length == 0
        self._expects = expects
        self._limit = limit
        self._announced = 0
        self._deadline: float | None = None
        self._broken = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill `buffer` as far as one read goes; 0 at the end of the body."""
        if self.ended:
            return 0
        self._begin()
        try:
            return self._read_some(buffer)
        except (OSError, ValueError):
            self._broken = True
            raise
        finally:
            self._connection.allow_forever()

    def _begin(self) -> None:
        if self._broken:
            raise ConnectionResetError("the body could not be read")
        if self._deadline is None:
            self._deadline = self._connection.body_deadline()
        self._connection.deadline = self._deadline
        if self._expects:
            self._expects = False
            if not self._reader.buffered:
                self._connection.sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _read_some(self, buffer: memoryview) -> int:
        if self._chunked and not self._left:
            self._next_chunk()
            if self.ended:
                return 0
        data = self._reader.upto(min(len(buffer), self._left))
        buffer[: len(data)] = data
        self._left -= len(data)
        if not self._left:
            self._end_of_chunk()
        return len(data)

    def _next_chunk(self) -> None:
        match = _CHUNK_SIZE(self._reader.until(b"\r\n", _MAX_LINE))
        if match is None:
            raise ValueError("malformed chunk size")
        self._left = int(match[1], 16)
        if not self._left:
            self._skip_trailers()
            self.ended = True
        self._announced += self._left
        if self._limit is not None and self._announced > self._limit:
            raise RequestEntityTooLarge

    def _end_of_chunk(self) -> None:
        if not self._chunked:
            self.ended = True
            return
        if self._reader.until(b"\r\n", 0):
            raise ValueError("a chunk is longer than its size")
        # Now, not at the next read: who has read up to the limit does not read again.
        self._next_chunk()

    def _skip_trailers(self) -> None:
        for _ in range(_MAX_TRAILERS):
            if not self._reader.until(b"\r\n", _MAX_LINE):
                return
        raise ValueError("too many trailers")

    def may_keep(self) -> bool:
        """Tell whether the connection can serve another request, as far as is known by now."""
        # A client that was not told to continue may send its body or its next request.
        return not (self._broken or self._expects or self._left > _DRAIN_BYTES)

    def drain(self) -> bool:
        """Read what the app did not, within bounds; tell whether that reached the end."""
        scrap = memoryview(bytearray(16 * 1024))
        drained = 0
        self._limit = None
        try:
            while not self.ended and drained <= _DRAIN_BYTES and self.may_keep():
                drained += self.readinto(scrap)
        except (OSError, ValueError):
            return False
        return self.ended
