"""How long the log is kept: by age and by number, whichever is less.

Here at least once an hour, for all users. Who writes much is also pruned by number at every
hundredth event (`log`): no account fills the disk in between.
"""

from datetime import timedelta

from flask import current_app
from sqlalchemy import bindparam, select

from ..core import clock
from ..core.concurrency import in_turns
from ..core.database import reading
from ..core.parts import delete_in_parts, read_in_parts
from .log import FIRST, events, heads

EDGES = select(
    FIRST.scalar_subquery(),
    FIRST.where(events.c.occurred_at >= bindparam("before")).scalar_subquery(),
)
HEADS = select(heads.c.user_id, heads.c.seq)


def prune() -> int:
    """Delete the events that are no longer kept; return how many. Most users need no write."""
    standing = read_in_parts(HEADS, heads.c.user_id)
    return sum(_prune(user_id, head) for user_id, head in in_turns(standing))


def _prune(user_id: str, head: int) -> int:
    """Delete the oldest events only: the rest has no gap even if clocks differ."""
    config = current_app.config
    before = clock.now() - timedelta(days=config["EVENTS_KEEP_DAYS"])
    with reading() as connection:
        parameters = {"of_user": user_id, "before": before}
        first, first_young = connection.execute(EDGES, parameters).one()
    last_old = head if first_young is None else first_young - 1
    last = max(head - config["EVENTS_KEEP_COUNT"], last_old)
    if first is None or first > last:
        return 0
    of_user, old = events.c.user_id == user_id, events.c.seq <= last
    return delete_in_parts(events, of_user, old, first=events.c.seq)
