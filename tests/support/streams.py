"""Clients of all transports with one face."""

from tests.support.stream_client import NAMESPACE, RefusedError, StreamClient
from tests.support.stream_socketio import PollingClient, SocketIOClient, close_engine, in_order
from tests.support.stream_sse import SSEClient
from tests.support.stream_websocket import BrowserWebSocketClient, WebSocketClient

__all__ = [
    "NAMESPACE",
    "SOCKETIO_CLIENTS",
    "TRANSPORTS",
    "BrowserWebSocketClient",
    "PollingClient",
    "RefusedError",
    "SSEClient",
    "SocketIOClient",
    "StreamClient",
    "WebSocketClient",
    "close_engine",
    "in_order",
]

TRANSPORTS: dict[str, type[StreamClient]] = {
    "socketio": SocketIOClient,
    "websocket": WebSocketClient,
    "sse": SSEClient,
}
SOCKETIO_CLIENTS = {"websocket": SocketIOClient, "polling": PollingClient}  # by transport
