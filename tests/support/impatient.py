"""The application, which waits shorter, or longer, for clients that do not read or say anything."""

import os

from taskmaster.streams import subscription
from taskmaster.streams.socketio import adapter
from taskmaster.streams.websocket import connection, views

subscription.MAX_BLOCKED = float(os.environ.get("MAX_BLOCKED", subscription.MAX_BLOCKED))
subscription.HEARTBEAT = int(os.environ.get("HEARTBEAT", subscription.HEARTBEAT))
vars(views).update(HEARTBEAT=subscription.HEARTBEAT)  # imported by name
views.AUTHENTICATION_SECONDS = adapter.MAX_JOINING = int(os.environ.get("JOINING", 10))
connection.SILENCE = int(os.environ.get("SILENCE", connection.SILENCE))

from wsgi import app  # noqa: E402

if "SILENCE" in os.environ:
    engine = app.extensions["socketio"].server.eio
    engine.ping_interval = subscription.HEARTBEAT
    engine.ping_timeout = connection.SILENCE - engine.ping_interval

__all__ = ["app"]
