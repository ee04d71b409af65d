"""What an operator runs after a restore: no number that clients have seen is given out again."""

import click
from flask.cli import with_appcontext
from sqlalchemy import update

from ..core.database import writing
from .log import heads

SKIPPED = 10_000_000  # numbers: more than a user was given since the backup


@click.command("after-restore")
@with_appcontext
def after_restore() -> None:
    """Let all logs go on beyond what clients have seen; run it before a restored one is served.

    Clients that come with an older position list their tasks again.
    """
    with writing(long=True) as connection:
        count = connection.execute(update(heads).values(seq=heads.c.seq + SKIPPED)).rowcount
    click.echo(f"Logs that go on {SKIPPED:,} numbers further: {count}")
