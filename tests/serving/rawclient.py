"""An HTTP client that sends whatever bytes a test wants, and parses what comes back."""

import http.client
import socket
from dataclasses import dataclass
from email.message import Message
from types import TracebackType
from typing import Self


@dataclass
class Answer:
    status: int
    headers: Message
    body: bytes


class RawClient:
    """One connection."""

    def __init__(self, port: int) -> None:
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=30)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.sock.close()

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def request(self, method: str, path: str, *headers: str, body: bytes = b"") -> None:
        lines = [f"{method} {path} HTTP/1.1", "Host: localhost", *headers]
        if body:
            lines.append(f"Content-Length: {len(body)}")
        self.send("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    def response(self, method: str = "GET") -> Answer:
        """Read one answer, and not a byte more than it: the next may follow."""
        response = http.client.HTTPResponse(self.sock, method=method)
        response.fp = self.sock.makefile("rb", buffering=0)  # type: ignore[assignment]
        response.begin()
        return Answer(
            response.status, response.headers, b"".join(iter(lambda: response.read(65536), b""))
        )

    def rest(self) -> bytes:
        """Read until the server closes."""
        data = b""
        while piece := self.sock.recv(65536):
            data += piece
        return data
