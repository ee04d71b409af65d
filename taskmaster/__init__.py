"""Taskmaster: tasks over REST, and a live stream of what happens to them."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Flask, Request
from werkzeug.routing import MapAdapter

import config

from . import admin, streams
from .accounts import commands, jwt_extended, sessions, tokens
from .accounts import views as account_views
from .core import api, auth, caching, compression, concurrency, database, http, limits
from .core.json import OrjsonProvider
from .events import commands as event_commands
from .events import views as event_views
from .extensions import migrate
from .ops import checkpoints, health, housekeeping, logging, memory, metrics, migrations
from .site import views as site_views
from .streams import sse
from .tasks import views as task_views


class Application(Flask):
    """Flask, with two of its ways made plainer."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return a view as it is: none is a coroutine, and asking costs time at every call."""
        return func

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """Route API and WebSocket paths with a slash at the end, and no path that begins with `//`.

        Without the slash, werkzeug finds the view, but not the methods of other views at that path:
        a wrong method would get 404 instead of 405. Werkzeug also takes `//metrics` for `/metrics`,
        which a proxy may be told to block.
        """
        adapter = super().create_url_adapter(request)
        if adapter and adapter.path_info.startswith("//"):
            adapter.path_info = f"/.{adapter.path_info}"  # which is nowhere
        if adapter and adapter.path_info.startswith(("/api/", "/ws/")):
            adapter.path_info = adapter.path_info.removesuffix("/") + "/"
        return adapter


def create_app(settings: Mapping[str, Any] | None = None) -> Flask:
    """Return a new application; without settings, they come from the environment."""
    app = Application(__name__, static_folder=None, instance_path=str(config.INSTANCE))
    app.config.from_mapping(settings or config.load())
    app.json = OrjsonProvider(app)

    concurrency.init_app(app)
    logging.init_app(app)
    caching.init_app(app)
    compression.init_app(app)
    http.init_app(app)
    limits.init_app(app)
    database.init_app(app)
    migrate.init_app(app)
    tokens.init_app(app)
    jwt_extended.init_app(app)
    auth.init_app(app, sessions.identify)

    rest = api.init_app(app)
    rest.register_blueprint(account_views.auth)
    rest.register_blueprint(account_views.profile)
    rest.register_blueprint(account_views.logins)
    rest.register_blueprint(task_views.blp)
    rest.register_blueprint(event_views.blp)
    rest.register_blueprint(sse.blp)

    migrations.init_app(app)
    streams.init_app(app)
    housekeeping.init_app(app)
    checkpoints.init_app(app)
    memory.init_app(app)
    metrics.init_app(app)
    app.register_blueprint(health.blp)
    app.cli.add_command(commands.users)
    app.cli.add_command(event_commands.after_restore)
    admin.init_app(app)
    app.register_blueprint(site_views.blp)
    http.trust_proxies(app)
    return app
