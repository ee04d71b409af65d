"""werkzeug's threaded server, without any async library: one request a connection."""

import threading
from collections.abc import Callable
from typing import Any

from werkzeug.serving import WSGIRequestHandler, make_server

from taskmaster.server.handler import Handler
from taskmaster.server.middleware import Middleware


class _Handler(Handler, WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def make_environ(self) -> dict[str, Any]:
        return self.describe(super().make_environ())

    def connection_dropped(self, *_: object) -> None:
        self.close_connection = True

    def log(self, *_: object) -> None:
        """Stay quiet, as in the other modes."""


def start(app: Middleware, listener: Any) -> Callable[[], object]:
    """Begin to accept; return what ends that, while requests in flight go on."""
    host, port = listener.getsockname()[:2]
    server = make_server(
        host, port, app, threaded=True, request_handler=_Handler, fd=listener.fileno()
    )
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    return server.shutdown
