"""A database that is not migrated is told at the start, or migrated then (MIGRATE_ON_START)."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import flask_migrate
import structlog
from click import ClickException, get_current_context
from flask import Flask
from flask.cli import run_command
from flask.helpers import get_debug_flag
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.serving import is_running_from_reloader

from ..core import lifecycle
from ..core.commands import in_one_line
from ..core.database import DATABASES
from ..core.errors import OUTAGE
from . import health

log = structlog.get_logger(__name__)

COMMAND = "flask --app wsgi db upgrade"


def init_app(app: Flask) -> None:
    """Look at the database once the application serves.

    Under gunicorn its parent has migrated before: gunicorn.conf.py.
    """

    def start() -> None:
        with app.app_context():
            _check(app.config["MIGRATE_ON_START"])

    lifecycle.on_start(app, start)


def look_before_run(app: Flask) -> None:
    """Look at the database where `flask run` loads the application, which starts it later only."""
    if _is_run() and not app.config["MIGRATE_ON_START"]:
        with app.app_context():
            _check(migrate=False)


def _is_run() -> bool:
    """Tell whether this process will serve by `flask run`; no other command needs to know."""
    context = get_current_context(silent=True)
    if context is None or context.command is not run_command:
        return False
    wanted = context.params["reload"]
    reloads = get_debug_flag() if wanted is None else wanted
    return not reloads or is_running_from_reloader()  # the reloader's parent serves nothing


def upgrade(app: Flask) -> None:
    """Migrate a database that is behind. One that a newer version has migrated stays as it is."""
    with app.app_context(), _exit_with_a_line():
        try:
            health.check_migrations()
        except health.NotReadyError:
            flask_migrate.upgrade()


def connect(app: Flask) -> None:
    """Connect once; end with a line that says why where that fails."""
    with app.app_context(), _exit_with_a_line():
        DATABASES.get().aside.connect().close()


@contextmanager
def _exit_with_a_line() -> Iterator[None]:
    """Say in one line that the database is away or refuses, as click does for commands."""
    try:
        with in_one_line(migrating=True):
            yield
    except ClickException as error:
        sys.exit(f"Error: {error.message}")


def _check(migrate: bool) -> None:
    try:
        if found := health.check_migrations():
            log.warning("migrated_further", database=found)
    except SQLAlchemyError as error:  # it is away: /readyz says so, and each request
        OUTAGE.failed(error)
    except health.NotReadyError:
        if migrate:
            flask_migrate.upgrade()
        else:
            log.error("not_migrated", command=COMMAND)
