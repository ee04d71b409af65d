"""How long the log is kept: by age and by number, whichever is less."""

from datetime import timedelta

from flask import current_app
from sqlalchemy import bindparam, delete, or_, select

from ..core import clock
from ..core.database import reading, writing
from .log import events, heads

PRUNE = delete(events).where(
    events.c.user_id == bindparam("of_user"),
    or_(events.c.seq <= bindparam("last"), events.c.occurred_at < bindparam("before")),
)


def prune() -> int:
    """Delete the events that are no longer kept; return how many. One short write a user."""
    config = current_app.config
    before = clock.now() - timedelta(days=config["EVENTS_KEEP_DAYS"])
    with reading() as connection:
        standing = connection.execute(select(heads.c.user_id, heads.c.seq)).all()
    pruned = 0
    for user_id, seq in standing:
        last = seq - config["EVENTS_KEEP_COUNT"]
        with writing() as connection:
            parameters = {"of_user": user_id, "last": last, "before": before}
            pruned += connection.execute(PRUNE, parameters).rowcount
    return pruned
