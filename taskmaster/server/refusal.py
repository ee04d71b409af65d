"""Answers that the server gives itself, in the shape of the app's (RFC 9457)."""

import contextlib
import json
import secrets
import socket
from http import HTTPStatus

from taskmaster.core.errors import ErrorCode


def send(sock: socket.socket, status: int, code: ErrorCode, detail: str) -> None:
    """Write a whole response that closes the connection; a client that has gone is no error."""
    with contextlib.suppress(OSError):
        sock.sendall(_response(HTTPStatus(status), code, detail))


def _response(status: HTTPStatus, code: ErrorCode, detail: str) -> bytes:
    request_id = secrets.token_hex(8)
    problem = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        "code": code,
        "detail": detail,
        "request_id": request_id,
    }
    body = json.dumps(problem).encode()
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\n"
        "Content-Type: application/problem+json\r\n"
        f"Content-Length: {len(body)}\r\n"
        f"X-Request-ID: {request_id}\r\n"
        "Connection: close\r\n\r\n"
    )
    return head.encode() + body
