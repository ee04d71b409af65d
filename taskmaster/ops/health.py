"""Is the process alive (`/livez`), and can it do its work (`/readyz`)?"""

import threading
from collections.abc import Callable
from functools import cache

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Blueprint, Flask, Response, current_app
from sqlalchemy import text

from ..core import clock
from ..core.concurrency import pause
from ..core.current import current_application
from ..core.database import DATABASES
from ..core.json import json_response
from ..core.outages import Outage, is_damage
from ..core.slots import Slot

blp = Blueprint("health", __name__)

SECONDS, LATE = 1.5, "no answer"  # for all checks together; what is said of others
SETTINGS = (
    "SELECT current_setting('transaction_read_only') AS read_only, "
    "current_setting('server_encoding') AS encoding"
)


class NotReadyError(Exception):
    """What is wrong, in words that may be shown to anybody."""


@blp.get("/livez")
def livez() -> Response:
    """Answer as long as the process does."""
    return json_response({"status": "ok"})


@blp.get("/readyz")
def readyz() -> Response:
    """Answer 200 when requests can be served, else 503; each check by name.

    Without the broker they can, since the sweep delivers events. Then the status is "degraded" with
    200, as for a database that a newer version has migrated already.
    """
    checks = LATEST.get().ask()
    failed = {name for name, outcome in checks.items() if outcome.startswith("failed")}
    well = all(outcome == "ok" for outcome in checks.values())
    status = "failed" if failed - {"broker"} else "ok" if well else "degraded"
    return json_response({"status": status, "checks": checks}, 503 if status == "failed" else 200)


class Latest:
    """The checks that were run last. However many ask, they run once at a time."""

    def __init__(self) -> None:
        self._lock, self._ended = threading.Lock(), -1.0
        self._outcomes: dict[str, str] = {}

    def ask(self) -> dict[str, str]:
        """Return the outcome of checks that were running when this was asked, or run them."""
        asked = clock.monotonic()
        with self._lock:
            if self._ended < asked:
                self._outcomes = _run_all()
                self._ended = clock.monotonic()
            return self._outcomes


LATEST = Slot[Latest]("latest_checks", Latest)


def _run_all() -> dict[str, str]:
    """Return the outcome of each check. All run at once: whatever hangs, the answer does not."""
    app = current_application()
    outcomes, told = dict.fromkeys(CHECKS, f"failed: {LATE}"), threading.Event()
    deadline = clock.monotonic() + SECONDS
    threads = [
        threading.Thread(target=_run, args=(app, name, outcomes, told), daemon=True)
        for name in CHECKS
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0, deadline - clock.monotonic()))
    if f"failed: {LATE}" in outcomes.values():
        pause()  # an answer may be there for which a busy process had no turn yet
    told.set()
    return dict(outcomes)


def _run(app: Flask, name: str, outcomes: dict[str, str], told: threading.Event) -> None:
    try:
        with app.app_context():
            outcome = CHECKS[name]() or "ok"
        if told.is_set():  # whoever asked heard that there was no answer
            raise NotReadyError(LATE)
        outcomes[name] = outcome
        OUTAGES[name].succeeded(check=name)
    except Exception as error:
        OUTAGES[name].failed(error, check=name)
        outcomes[name] = _explain(error)


def _explain(error: Exception) -> str:
    """Return the outcome of a check that failed."""
    if is_damage(error):
        return "failed: the file is damaged"
    return f"failed: {error}" if isinstance(error, NotReadyError) else "failed"


def _database() -> None:
    file = DATABASES.get().file
    if file and (fault := file.fault() or file.shortage()):
        raise NotReadyError(fault)
    with DATABASES.get().aside.connect() as connection:
        found = connection.execute(text("SELECT 1" if file else SETTINGS)).one()
    if not file and found.read_only == "on":  # as on a standby
        raise NotReadyError("the database is read-only")
    if not file and found.encoding != "UTF8":
        raise NotReadyError("the database is not in UTF-8")


def check_migrations() -> str | None:
    """Raise if the database is behind this version; say so if it is ahead."""
    with DATABASES.get().aside.connect() as connection:
        present = set(MigrationContext.configure(connection).get_current_heads())
    newest, known = _revisions(current_app.extensions["migrate"].directory)
    if present and not present & known:
        return "newer than this version"
    if present != newest:
        raise NotReadyError("not at the newest migration")
    return None


@cache
def _revisions(directory: str) -> tuple[set[str], set[str]]:
    """Return the newest and all revisions that this version knows."""
    scripts = ScriptDirectory(directory)
    return set(scripts.get_heads()), {one.revision for one in scripts.walk_revisions()}


def _broker() -> None:
    if url := current_app.config["REDIS_URL"]:
        import redis  # 6 MiB, only where it is used

        with redis.Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1) as client:
            client.ping()


CHECKS: dict[str, Callable[[], str | None]] = {
    "database": _database,
    "broker": _broker,
    "migrations": check_migrations,
}
OUTAGES = {name: Outage("not_ready") for name in CHECKS}
