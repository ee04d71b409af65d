"""Live delivery of the log: one hub, three transports. Nothing but the hub delivers."""

from flask import Flask

from ..accounts import sessions
from ..core import lifecycle
from ..core.database import reading_engine
from ..events import log
from . import socketio, websocket
from .bus import make_bus
from .hub import Hub


def init_app(app: Flask) -> None:
    """Give this application its hub, and what its clients connect to."""
    bus = make_bus(app.config["REDIS_URL"])
    hub = app.extensions["hub"] = Hub(reading_engine(app), bus, sessions.live)
    socketio.init_app(app, hub)
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
