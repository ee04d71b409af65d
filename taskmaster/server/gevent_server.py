"""gevent's server."""

import sys
from collections.abc import Callable
from http.client import HTTPException
from typing import Any

from gevent import pywsgi  # type: ignore[import-untyped]

from taskmaster.server.handler import Handler
from taskmaster.server.listener import MAX_CONNECTIONS, MAX_HEAD
from taskmaster.server.middleware import Middleware

# The one limit that is no parameter.
pywsgi.MAX_REQUEST_LINE = MAX_HEAD


class _Handler(Handler, pywsgi.WSGIHandler):
    @property
    def connection(self) -> Any:
        return self.socket

    def get_environ(self) -> dict[str, Any]:
        environ = self.describe(super().get_environ())
        # Of a request to upgrade, gevent would give the rest of the connection.
        environ["wsgi.input"] = self.wsgi_input
        return environ

    def read_request(self, raw_requestline: str) -> bool:
        try:
            return super().read_request(raw_requestline)  # type: ignore[no-any-return]
        except (HTTPException, OSError) as error:  # gevent would print it
            raise ValueError from error

    def handle_error(self, *_: object) -> None:
        """End the connection: a fault of the app is logged already, the rest is the client's."""
        self.close_connection = True


def start(app: Middleware, listener: Any) -> Callable[[], object]:
    """Begin to accept; return what ends that, while requests in flight go on."""
    server = pywsgi.WSGIServer(
        listener,
        app,
        handler_class=_Handler,
        spawn=MAX_CONNECTIONS,
        log=None,
        error_log=None,
        environ={"wsgi.errors": sys.stderr, "SERVER_NAME": listener.getsockname()[0]},
    )
    server.app = app
    server.start()
    return server.close  # type: ignore[no-any-return]
