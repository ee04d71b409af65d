"""How gunicorn answers: in one system call, with refusals in our shape, and before it closes.

gunicorn.conf.py runs this file before the fork, so it does not import the application. All takes
the place of something of gunicorn's own, as of its version 27.0.1; see tests/serving.
"""

import json
import secrets
from typing import Any

from gunicorn import util
from gunicorn.http import wsgi
from gunicorn.workers.base_async import AsyncWorker


class Parts(list[bytes]):
    """What is to be sent, in place of a socket."""

    sendall = list.append


# gunicorn's own class: at a reload, ours has taken its place already.
OWN: Any = next(one for one in wsgi.Response.__mro__ if one.__module__ == wsgi.__name__)


class Response(OWN):
    """Sends the head together with the first part of the body, not one after the other.

    To send costs a tenth of the CPU of a short request.
    """

    def __init__(self, req: Any, sock: Any, cfg: Any) -> None:
        self._client, self._parts = sock, Parts()
        super().__init__(req, self._parts, cfg)

    def write(self, arg: bytes) -> None:
        """Send a part of the body."""
        super().write(arg)
        self._send()

    def close(self) -> None:
        """Send what is left."""
        super().close()
        self._send()

    def _send(self) -> None:
        if self._parts:
            self._client.sendall(b"".join(self._parts))
            self._parts.clear()


class GreenWorker(AsyncWorker):
    """Closes a connection only after the client has the answer: unread bytes would reset it."""

    def handle_request(self, listener_name: Any, req: Any, sock: Any, addr: Any) -> None:
        """Answer. Raise StopIteration where no other request may follow."""
        try:
            super().handle_request(listener_name, req, sock, addr)
        except StopIteration:
            util.close_graceful(sock)
            raise

    def handle_error(self, req: Any, client: Any, addr: Any, exc: Exception) -> None:
        """Refuse what cannot be read."""
        super().handle_error(req, client, addr, exc)
        util.close_graceful(client)


def write_problem(sock: Any, status: int, reason: str, message: str) -> None:
    """Refuse a request that gunicorn cannot read in the shape of the application's refusals."""
    import structlog  # not before the fork

    request_id = secrets.token_hex(8)
    status = 400 if status == 501 else status  # an unknown Transfer-Encoding is the client's fault
    code = "internal_error" if status == 500 else "malformed_request"
    body = {"type": "about:blank", "title": reason, "status": status, "code": code}
    body |= {"detail": "The request cannot be read.", "request_id": request_id}
    structlog.get_logger().info("request_refused", status=status, request_id=request_id)
    content = json.dumps(body)
    head = (
        f"HTTP/1.1 {status} {reason}\r\nConnection: close\r\nX-Request-ID: {request_id}\r\n"
        f"Content-Type: application/problem+json\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    util.write_nonblock(sock, (head + content).encode())
