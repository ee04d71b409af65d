"""What is no longer kept is deleted: by a command, and by every process that serves.

Each of those does it every so many minutes, 30 to 60, so that not all begin together.
"""

import random

import click
import structlog
from flask import Flask
from flask.cli import with_appcontext
from sqlalchemy.exc import SQLAlchemyError

from ..accounts import deletion, sessions
from ..core import idempotency, lifecycle
from ..core.outages import describe
from ..events import retention

log = structlog.get_logger(__name__)

HOUR = 3600  # seconds

JOBS = {
    "accounts": deletion.prune,
    "events": retention.prune,
    "idempotency_keys": idempotency.prune,
    "sessions": sessions.prune,
}


def init_app(app: Flask) -> None:
    """Add the command `prune`, and prune in the background once the application serves."""
    seconds = HOUR * random.uniform(0.5, 1)  # noqa: S311 (processes that start together)
    lifecycle.every(app, seconds, prune, "housekeeping")
    app.cli.add_command(prune_command)


def prune() -> dict[str, int]:
    """Run all jobs; return how many each deleted. One that fails is tried next time."""
    pruned = {}
    for name, job in JOBS.items():
        try:
            pruned[name] = job()
        except SQLAlchemyError as error:
            log.error("prune_failed", job=name, **describe(error))
    if pruned:
        log.info("pruned", **pruned)
    return pruned


@click.command("prune")
@with_appcontext
def prune_command() -> None:
    """Delete expired events, idempotency keys and sessions, and what deleted accounts left, now."""
    pruned = prune()
    for name, count in pruned.items():
        click.echo(f"{name}: {count}")
    if failed := JOBS.keys() - pruned:
        raise click.ClickException(f"failed, see the log: {', '.join(sorted(failed))}")
