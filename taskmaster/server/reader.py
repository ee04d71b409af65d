"""Buffered reading from one connection: whole heads, lines and counted bytes."""

import socket

# A little memory per connection matters more than a few calls for a large body.
_CHUNK = 8192


class TooLongError(ValueError):
    """The peer sent more than the limit without the delimiter."""


class Reader:
    """Reads ahead of what is asked, and keeps the rest for the next call."""

    __slots__ = ("_sock", "buffered")

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self.buffered = b""

    def fill(self) -> None:
        """Wait for more bytes. Raise ConnectionResetError at the end of the stream."""
        data = self._sock.recv(_CHUNK)
        if not data:
            raise ConnectionResetError("the client closed the connection")
        self.buffered = self.buffered + data if self.buffered else data

    def skip(self, characters: bytes) -> None:
        """Drop leading `characters`, and wait until another one is there."""
        self.buffered = self.buffered.lstrip(characters)
        while not self.buffered:
            self.fill()
            self.buffered = self.buffered.lstrip(characters)

    def until(self, delimiter: bytes, limit: int) -> bytes:
        """Return what comes before `delimiter`, and drop it, or raise TooLongError."""
        searched = 0
        while (end := self.buffered.find(delimiter, searched)) < 0:
            searched = max(0, len(self.buffered) - len(delimiter) + 1)
            if len(self.buffered) > limit + len(delimiter):
                raise TooLongError
            self.fill()
        if end > limit:
            raise TooLongError
        found = self.buffered[:end]
        self.buffered = self.buffered[end + len(delimiter) :]
        return found

    def upto(self, size: int) -> bytes:
        """Return between 1 and `size` bytes."""
        if not self.buffered:
            self.fill()
        found, self.buffered = self.buffered[:size], self.buffered[size:]
        return found
