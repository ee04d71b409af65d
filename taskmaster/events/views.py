"""The log over REST."""

from flask import Response

from ..core.auth import current, login_required
from ..core.blueprint import Blueprint
from ..core.caching import let_user_keep
from ..core.errors import ErrorCode
from ..core.json import json_response
from .replay import envelope, replay
from .schemas import EventQuerySchema, ReplaySchema

blp = Blueprint(
    "events", __name__, url_prefix="/api/v1/tasks", description="What happened, kept for a while."
)
blp.after_request(let_user_keep)


@blp.get("/events/")
@login_required
@blp.arguments(EventQuerySchema(), location="query")
@blp.response(200, ReplaySchema)
@blp.documents_errors(ErrorCode.POSITION_EXPIRED)
def replay_events(query: dict[str, int]) -> Response:
    """Replay events

    What happened after a position, oldest first, in pages of `limit` events or 256 KiB,
    whichever is less. 410 tells that the log does not reach back
    to it, or has not come to it: then list the tasks again.
    """
    user_id, *_, head = current()
    seq, entries = replay(user_id, head.seq, **query)
    return json_response({"seq": seq, **envelope(seq, entries)})
