"""Live delivery of the log: one hub, three transports. Nothing but the hub delivers."""

from flask import Flask
from flask_socketio import SocketIO
from socketio import Manager

from ..accounts import sessions
from ..core import lifecycle
from ..core.database import reading_engine
from ..events import log
from . import websocket
from .bus import make_bus
from .engine import PING_INTERVAL, PING_TIMEOUT, EngineWebSocket
from .hub import Hub
from .namespace import NAMESPACE, TaskNamespace
from .wire import LARGEST_MESSAGE


def init_app(app: Flask) -> None:
    """Give this application its hub and its Socket.IO server."""
    bus = make_bus(app.config["REDIS_URL"])
    hub = app.extensions["hub"] = Hub(reading_engine(app), bus, sessions.live)
    _open_socketio(app, hub)
    app.register_blueprint(websocket.blp)
    lifecycle.on_start(app, hub.start)
    lifecycle.on_stop(app, hub.stop)

    @log.appended.connect_via(app)
    def wake(_: Flask, user_id: str, entries: list[log.Entry]) -> None:
        hub.wake(user_id, entries)
        bus.publish(user_id, entries)

    @sessions.ended.connect_via(app)
    def end(_: Flask, user_id: str, session_ids: list[str]) -> None:
        hub.end_sessions(user_id, session_ids)
        bus.publish(user_id, sessions=session_ids)

    app.extensions["stream_signals"] = wake, end  # signals hold their receivers weakly


def _open_socketio(app: Flask, hub: Hub) -> None:
    socketio = SocketIO(
        app,
        async_mode=app.config["ASYNC_MODE"],
        client_manager=Manager(),  # its own: another application's would be taken over
        manage_session=False,
        namespaces=[NAMESPACE],
        cors_allowed_origins=app.config["CORS_ORIGINS"] or None,
        max_http_buffer_size=LARGEST_MESSAGE,
        http_compression=False,
        ping_interval=PING_INTERVAL,
        ping_timeout=PING_TIMEOUT,
        transports=None if app.config["WEB_CONCURRENCY"] == 1 else ["websocket"],
    )
    socketio.server.eio._async["websocket"] = EngineWebSocket
    socketio.on_namespace(TaskNamespace(hub))
