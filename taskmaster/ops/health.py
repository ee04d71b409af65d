"""Is the process alive (`/livez`), and can it do its work (`/readyz`)?"""

from collections.abc import Callable

import redis
import structlog
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Blueprint, Response, current_app
from sqlalchemy import text

from ..core.database import reading
from ..core.json import json_response

blp = Blueprint("health", __name__)
log = structlog.get_logger(__name__)


@blp.get("/livez")
def livez() -> Response:
    """Answer as long as the process does."""
    return json_response({"status": "ok"})


@blp.get("/readyz")
def readyz() -> Response:
    """Answer 200 when requests can be served, else 503; each check by name.

    Without the broker they can: the sweep delivers. That is said, and is no reason to be shunned.
    """
    checks = {name: _run(name, check) for name, check in CHECKS.items()}
    failed = {name for name, outcome in checks.items() if outcome != "ok"}
    status = "failed" if failed - {"broker"} else "degraded" if failed else "ok"
    return json_response({"status": status, "checks": checks}, 503 if status == "failed" else 200)


def _run(name: str, check: Callable[[], None]) -> str:
    try:
        check()
    except Exception as error:
        log.error("not_ready", check=name, error=type(error).__name__)
        return "failed"
    return "ok"


def _database() -> None:
    with reading() as connection:
        connection.execute(text("SELECT 1"))


def _migrations() -> None:
    """Raise unless the database stands at the newest migration."""
    scripts = ScriptDirectory(current_app.extensions["migrate"].directory)
    with reading() as connection:
        present = MigrationContext.configure(connection).get_current_heads()
    if set(present) != set(scripts.get_heads()):
        raise RuntimeError("migrations are missing")


def _broker() -> None:
    if url := current_app.config["REDIS_URL"]:
        with redis.Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1) as client:
            client.ping()


CHECKS: dict[str, Callable[[], None]] = {
    "database": _database,
    "broker": _broker,
    "migrations": _migrations,
}
