"""Requests as bytes, and replies read from a connection: the same for every server and load."""

import asyncio
import contextlib
import json
from typing import Any

# Stands in a body where each request has a number of its own, of as many characters.
NUMBER = "########"


def request(method: str, path: str, token: str = "", body: Any = None) -> bytes:
    """Return the bytes of a request, its body as JSON."""
    content = b"" if body is None else json.dumps(body, separators=(",", ":")).encode()
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", "Accept: application/json"]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    if content:
        lines += ["Content-Type: application/json", f"Content-Length: {len(content)}"]
    return "\r\n".join([*lines, "", ""]).encode() + content


def numbered(message: bytes, number: int) -> bytes:
    """Return a request with its number in."""
    return message.replace(NUMBER.encode(), b"%08d" % number)


class RefusedError(Exception):
    """A reply that is no success."""


class Connection:
    """A kept-alive connection, for one call at a time."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def call(self, message: bytes) -> bytes:
        """Send a request and return the body of the reply. Raise RefusedError if it is refused."""
        if not self._streams:
            self._streams = await asyncio.open_connection("127.0.0.1", self.port)
        reader, writer = self._streams
        writer.write(message)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        body = await _read_body(reader, head)
        if head[9:10] != b"2":
            raise RefusedError(head + body)
        if b"connection: close" in head:
            await self.close()
        return body

    async def close(self) -> None:
        """Close the connection; the next call opens another."""
        if self._streams:
            self._streams[1].close()
            with contextlib.suppress(OSError):
                await self._streams[1].wait_closed()
            self._streams = None


async def _read_body(reader: asyncio.StreamReader, head: bytes) -> bytes:
    if b"transfer-encoding: chunked" not in head:
        length = head.partition(b"content-length:")[2].split(b"\r\n", 1)[0]
        return await reader.readexactly(int(length or 0))
    body = b""
    while size := int(await reader.readline(), 16):
        body += (await reader.readexactly(size + 2))[:-2]
    await reader.readline()
    return body
