"""What is mixed into each library's handler of one connection."""

import contextlib
from typing import Any

from taskmaster.server import connections
from taskmaster.server.connections import Connection


class Handler:
    """Registers the connection, so that it can be watched, counted and cut."""

    server: Any
    connection: Any
    rfile: Any
    watched: Connection

    # What http.server answers by itself to an unreadable head, in the app's shape.
    error_content_type = "application/problem+json"
    error_message_format = (
        '{"type": "about:blank", "status": %(code)d, "code": "malformed_request", '
        '"detail": "%(explain)s."}'
    )

    def handle(self) -> None:
        """Serve until either side ends; a client that vanishes is no error."""
        registry = self.server.app.connections
        self.watched = registry.add(self.connection)
        try:
            with contextlib.suppress(OSError):
                super().handle()  # type: ignore[misc]
        finally:
            registry.remove(self.watched)

    def handle_one_request(self) -> Any:
        """Wait for a request's first byte, then serve the request."""
        with contextlib.suppress(OSError):
            self.rfile.peek(1)
        self.watched.allow(connections.HEAD_SECONDS)
        try:
            return super().handle_one_request()  # type: ignore[misc]
        finally:
            self.watched.end()

    def describe(self, environ: dict[str, Any]) -> dict[str, Any]:
        """Add what our app and middleware need of the connection."""
        environ["taskmaster.socket"] = self.connection
        environ["taskmaster.connection"] = self.watched
        return environ

    def log_message(self, *_: object) -> None:
        """Stay quiet: requests are logged by the app, and nonsense by nobody."""
