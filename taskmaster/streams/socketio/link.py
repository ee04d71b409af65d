"""The WebSocket below engine.io: ours, with the three differences that engine.io needs."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from engineio.packet import Packet

from ..websocket.connection import HandshakeError, WebSocketConnection

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

GOODBYE = 1.0  # seconds for what was sent last to go out


class EngineLink(WebSocketConnection):
    """The WebSocket that engine.io talks over: what it expects of its driver's."""

    def __init__(self, environ: dict[str, Any], engine: Any) -> None:
        super().__init__(environ)
        self._engine = engine

    def wait(self) -> str | bytes | None:
        """Return the next message that engine.io can read; None when the connection is over."""
        while (message := super().wait()) is not None:
            if _is_packet(message):
                return message
            self._engine.refuse()
        if self.close_reason:
            self._engine.end(self.close_reason)
            self._engine.over.wait(GOODBYE)
        return None

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Say goodbye, with the reason if there is one."""
        if self.close_reason:
            code, reason = self.close_reason.code, self.close_reason.value
        super().close(code, reason)


def open_websocket(handler: Callable[[EngineLink], Any], _server: Any) -> "WSGIApplication":
    """Return a WSGI application that shakes hands and lets engine.io talk: its driver."""
    engine: Any = handler.__self__  # type: ignore[attr-defined]

    def converse(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        try:
            engine.websocket = link = EngineLink(environ, engine)
            link.serve(environ, lambda: handler(link))
        except HandshakeError:
            start_response("400 Bad Request", [])
        finally:
            engine.close(wait=False, abort=True)
        return []

    return converse


def _is_packet(message: str | bytes) -> bool:
    """Tell whether engine.io could read a message; its own loop would break off."""
    try:
        Packet(encoded_packet=message)
    except (ValueError, IndexError, RecursionError):
        return False
    return True
