"""Requests as bytes, on connections that take in very little unless they are read."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tests.journeys.neighbours.caller import some_address
from tests.journeys.neighbours.scene import Scene
from tests.support.api import User
from tests.support.values import HANDSHAKE_LINES


def get(path: str, user: User | None = None, *headers: str) -> bytes:
    """Return the head of a GET, with a token if there is a user."""
    lines = [f"GET {path} HTTP/1.1", "Host: 127.0.0.1", *headers]
    lines += [f"X-Forwarded-For: {some_address()}"]
    lines += [f"Authorization: Bearer {user.access}"] if user else []
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


def handshake(path: str, user: User | None = None) -> bytes:
    """Return the head that asks for a WebSocket."""
    return get(path, user, *HANDSHAKE_LINES)


def text_frame(text: str) -> bytes:
    """Return a text of 126 to 65,535 bytes as a frame, masked by zeros."""
    return b"\x81\xfe" + len(text).to_bytes(2, "big") + bytes(4) + text.encode()


@contextmanager
def connections(scene: Scene, count: int) -> Iterator[list[socket.socket]]:
    """Open connections that take in very little unless they are read."""
    links = [socket.socket() for _ in range(count)]
    for link in links:
        link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        link.settimeout(20)
        link.connect(("127.0.0.1", scene.stage.server.port))
    yield links
    for link in links:
        link.close()


def answered(links: list[socket.socket], status: int) -> int:
    """Return on how many connections there is an answer that begins with this status."""
    start, count = b"HTTP/1.1 %d" % status, 0
    for link in links:
        link.settimeout(1)
        with suppress(OSError):
            count += link.recv(len(start)) == start
    return count
