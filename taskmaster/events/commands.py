"""What an operator runs after a restore, so that no event gets a number that clients have seen."""

import click
from flask.cli import with_appcontext
from sqlalchemy import update

from ..core.commands import in_one_line
from ..core.database import writing
from .log import heads

SKIPPED = 10_000_000  # numbers: more than a user was given since the backup


@click.command("after-restore")
@with_appcontext
def after_restore() -> None:
    """Raise the numbers of all logs beyond what clients have seen.

    Run it on a restored database, before it is served. Clients that come with an older position
    are told to list their tasks again.
    """
    with in_one_line(), writing(long=True) as connection:
        count = connection.execute(update(heads).values(seq=heads.c.seq + SKIPPED)).rowcount
    click.echo(f"Logs moved forward by {SKIPPED:,} numbers: {count}")
