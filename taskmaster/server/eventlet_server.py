"""eventlet's server, the default."""

import contextlib
from collections.abc import Callable, Iterable
from typing import Any

import eventlet
from eventlet import wsgi

from taskmaster.core.concurrency import pause
from taskmaster.server.handler import Handler
from taskmaster.server.listener import MAX_CONNECTIONS, MAX_HEAD
from taskmaster.server.middleware import DoneError, Middleware

# The one limit that is no parameter.
wsgi.MAX_HEADER_LINE = MAX_HEAD


class _Protocol(Handler, wsgi.HttpProtocol):
    def setup(self) -> None:
        super().setup()
        self.capitalize_response_headers = False  # "Etag"

    def handle_one_request(self) -> None:
        super().handle_one_request()
        # Fairness: a client that always has a next request waits for the others' turn.
        pause()

    def get_environ(self) -> dict[str, Any]:
        environ = self.describe(super().get_environ())
        # Idle connections are shut at the stop, and WebSockets would call themselves so.
        del environ["eventlet.set_idle"]
        environ["eventlet.minimum_write_chunk_size"] = 1  # streams: send at once
        return environ

    def handle_one_response(self) -> None:
        self.application = self._answer
        super().handle_one_response()

    def _answer(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        def respond(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            if ("Connection", "close") in headers:  # eventlet would send it, but not do it
                headers.remove(("Connection", "close"))
                self.close_connection = True
            return start_response(status, headers, exc_info)

        try:
            return self.server.app(environ, respond)  # type: ignore[no-any-return]
        except DoneError:
            wsgi.WSGI_LOCAL.already_handled = True
            return ()

    def finish(self) -> None:
        # A client that has gone: else the error would keep the rest from being closed.
        with contextlib.suppress(OSError):
            self.wfile.close()
        super().finish()


class _Listener:
    """The listening socket, whose errors end eventlet's accept loop."""

    def __init__(self, sock: Any) -> None:
        self._sock = sock

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)

    def accept(self) -> Any:
        """Wait for a client; out of descriptors, wait for better times."""
        while True:
            try:
                return self._sock.accept()
            except OSError:
                pause(0.05)


def start(app: Middleware, listener: Any) -> Callable[[], object]:
    """Begin to accept; return what ends that, while requests in flight go on."""
    loop = eventlet.spawn(
        wsgi.server,
        _Listener(listener),
        app,
        protocol=_Protocol,
        max_size=MAX_CONNECTIONS,
        url_length_limit=MAX_HEAD,
        log_output=False,
        debug=False,
    )
    return loop.kill  # type: ignore[no-any-return]
