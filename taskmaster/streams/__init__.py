"""Live delivery of the log: one hub, three transports. Nothing but the hub delivers."""

from flask import Flask

from ..accounts import sessions
from ..core import lifecycle
from ..core.database import reading_engine
from ..events import log
from .hub import Hub
from .notifier import RedisNotifier
from .socketio import views as socketio_views
from .websocket import views as websocket_views


def init_app(app: Flask) -> None:
    """Give this application its hub, and what its clients connect to."""
    redis_url = app.config["REDIS_URL"]
    notifier = RedisNotifier(redis_url) if redis_url else None
    hub = app.extensions["hub"] = Hub(reading_engine(app), notifier, sessions.live)
    socketio_views.init_app(app, hub)
    app.register_blueprint(websocket_views.blp)
    lifecycle.on_start(app, hub.start)
    lifecycle.on_stop(app, hub.stop)

    @log.appended.connect_via(app)
    def publish(_: Flask, user_id: str, entries: list[log.Entry]) -> None:
        hub.publish(user_id, entries)

    @sessions.ended.connect_via(app)
    def end(_: Flask, user_id: str, session_ids: list[str]) -> None:
        hub.end_sessions(user_id, session_ids)
