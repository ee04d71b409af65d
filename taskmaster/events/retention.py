"""How long the log is kept: by age and by number, whichever is less."""

from datetime import timedelta

from flask import current_app
from sqlalchemy import bindparam, delete, func, select

from ..core import clock
from ..core.database import reading, writing
from .log import events, heads

OWN = events.c.user_id == bindparam("of_user")
FIRST = select(func.min(events.c.seq)).where(OWN)
EDGES = select(
    FIRST.scalar_subquery(),
    FIRST.where(events.c.occurred_at >= bindparam("before")).scalar_subquery(),
)
PRUNE = delete(events).where(OWN, events.c.seq <= bindparam("last"))


def prune() -> int:
    """Delete the events that are no longer kept; return how many. One short write a user."""
    with reading() as connection:
        standing = connection.execute(select(heads.c.user_id, heads.c.seq)).all()
    return sum(_prune(user_id, head) for user_id, head in standing)


def _prune(user_id: str, head: int) -> int:
    """Delete from the front only: where clocks differ, what is left still has no gap."""
    config = current_app.config
    before = clock.now() - timedelta(days=config["EVENTS_KEEP_DAYS"])
    with reading() as connection:
        parameters = {"of_user": user_id, "before": before}
        first, first_young = connection.execute(EDGES, parameters).one()
    last_old = head if first_young is None else first_young - 1
    last = max(head - config["EVENTS_KEEP_COUNT"], last_old)
    if first is None or first > last:
        return 0
    with writing() as connection:
        return connection.execute(PRUNE, {"of_user": user_id, "last": last}).rowcount
