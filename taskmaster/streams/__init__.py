"""Live delivery of the log: one hub, three transports. Nothing but the hub delivers."""

from functools import partial
from typing import Any

from flask import Flask

from ..accounts import sessions
from ..core import lifecycle
from ..core.database import DATABASES
from ..events import log
from .handshake import HUB
from .hub import SWEEP, Hub
from .notifier import RedisNotifier
from .socketio import views as socketio_views
from .websocket import views as websocket_views


def init_app(app: Flask) -> None:
    """Give this application its hub, and what its clients connect to."""
    notifier = RedisNotifier(url) if (url := app.config["REDIS_URL"]) else None
    hub = HUB.fill(app, Hub(DATABASES.get(app), notifier))
    app.register_blueprint(websocket_views.blp)
    if notifier:
        lifecycle.on_start(app, partial(notifier.start, hub.receive, hub.users))
    lifecycle.every(app, SWEEP, hub.sweep, "sweep")
    lifecycle.on_stop(app, hub.stop)
    socketio_views.init_app(app)  # last, so that its stop runs first: it drops only the unjoined

    @log.appended.connect_via(app)
    @sessions.ended.connect_via(app)
    def publish(_: Flask, **told: Any) -> None:
        hub.publish(**told)
