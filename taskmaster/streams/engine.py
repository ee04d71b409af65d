"""engine.io's WebSocket, by our Wire: the same bounds for Socket.IO as for the plain one."""

from collections.abc import Callable, Iterable
from typing import Any

from .wire import HandshakeError, Wire

PING_INTERVAL = 25  # seconds
PING_TIMEOUT = 20


class EngineWebSocket:
    """What engine.io expects of its driver: `wait`, `send`, `close`, and to be a WSGI app."""

    def __init__(self, handler: Callable[["EngineWebSocket"], Any], _server: Any) -> None:
        self._handler = handler
        self._wire: Wire

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Shake hands, then let engine.io talk."""
        try:
            self._wire = Wire(environ)
        except HandshakeError:
            start_response("400 Bad Request", [("Content-Length", "0")])
            return []
        environ["taskmaster.hijacked"] = True
        engine_socket = getattr(self._handler, "__self__", None)
        if engine_socket is not None:
            engine_socket.abort = self._wire.abort
        try:
            self._wire.accept()
            self._handler(self)
        except OSError:
            pass  # the client is gone
        finally:
            self._wire.abort()
        return []

    def wait(self) -> str | bytes | None:
        """Return the next message; None when the connection is over."""
        message = self._wire.wait()
        if self._wire.closing:
            self._wire.close(self._wire.closing.code, self._wire.closing.value)
        return message

    def send(self, message: str | bytes) -> None:
        """Send a message."""
        self._wire.send(message)

    def close(self) -> None:
        """Say goodbye."""
        self._wire.close()
