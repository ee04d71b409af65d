"""Is the process alive (`/livez`), and can it do its work (`/readyz`)?"""

from collections.abc import Callable

import structlog
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Blueprint, Response, current_app
from sqlalchemy import text

from ..core.database import reading
from ..core.json import reply

blp = Blueprint("health", __name__)
log = structlog.get_logger(__name__)


@blp.get("/livez")
def livez() -> Response:
    """Answer as long as the process does."""
    return reply({"status": "ok"})


@blp.get("/readyz")
def readyz() -> Response:
    """Answer 200 when everything is in order, else 503; each check by name."""
    checks = {name: _run(name, check) for name, check in CHECKS.items()}
    ready = all(outcome == "ok" for outcome in checks.values())
    return reply({"status": "ok" if ready else "failed", "checks": checks}, 200 if ready else 503)


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


CHECKS: dict[str, Callable[[], None]] = {"database": _database, "migrations": _migrations}
