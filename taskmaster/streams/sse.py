"""Server-sent events (WHATWG HTML, section 9.2): for curl and everything that speaks HTTP."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator

from flask import Response, current_app, request
from flask.views import MethodView
from marshmallow import validate

from ..core.auth import current, login_required
from ..core.blueprint import Blueprint
from ..core.errors import ErrorCode
from ..core.schemas import Schema, Whole
from . import auth
from .follower import Follower
from .hub import Hub
from .messages import Message

blp = Blueprint("stream", __name__, url_prefix="/api/v1/tasks", description="What happens, live.")


LAST_EVENT_ID = {
    "name": "Last-Event-ID",
    "in": "header",
    "schema": {"type": "integer", "minimum": 0, "example": 42},
    "description": "The last `id` seen; replay starts after it. It wins over `since`.",
}
EXAMPLE = (
    'id: 43\nevent: task_delete\ndata: {"seq":43,"action":"task_delete",'
    '"occurred_at":"2030-01-31T12:00:00.000000+00:00",'
    '"id":"0197f3c2-8f1e-7cc0-b3a4-5d1f0e6a9b21"}\n\n'
)


class StreamQuerySchema(Schema):
    """Where to resume."""

    since = Whole(
        validate=validate.Range(0, auth.LARGEST_POSITION),
        metadata={"description": "The last `seq` seen; replay starts after it."},
    )


@blp.route("/stream/")
class Stream(MethodView):
    @login_required
    @blp.arguments(StreamQuerySchema(), location="query")
    @blp.response(200, {"type": "string"}, content_type="text/event-stream", example=EXAMPLE)
    @blp.doc(parameters=[LAST_EVENT_ID])
    @blp.refuses(ErrorCode.TOO_MANY_CONNECTIONS, ErrorCode.FORBIDDEN)
    def get(self, query: dict[str, int]) -> Response:
        """Stream events

        Server-sent events: each change of one's tasks as it is committed. `Last-Event-ID`, which
        wins, or `since` resumes after an event: first what was missed, then live, with no seam.
        """
        auth.check_origin()
        since = auth.position(request.headers.get("Last-Event-ID", query.get("since")))
        hub: Hub = current_app.extensions["hub"]
        follower = hub.join(current(), since)
        follower.abort = _watch(request.environ.get("taskmaster.socket"), follower)
        response = Response(_frames(follower), mimetype="text/event-stream")
        response.headers.update({"X-Accel-Buffering": "no", "Connection": "close"})
        response.call_on_close(follower.leave)
        return response


def _frames(follower: Follower) -> Iterator[str]:
    for batch in follower.messages():
        yield "".join(map(frame, batch)) or ": still here\n\n"


def frame(message: Message) -> str:
    """Return an event; its JSON has no line break, so one `data` line does.

    A standard client sends the last `id` when it reconnects, hence `stream_ready` has one too.
    """
    position = "" if message.seq is None else f"id: {message.seq}\n"
    return f"{position}event: {message.name}\ndata: {message.payload}\n\n"


def _watch(connection: socket.socket | None, follower: Follower) -> Callable[[], None]:
    """Notice when the client goes, which an idle stream would not; return how to cut it."""
    if connection is None:  # not one of our servers: the next heartbeat notices
        return lambda: None

    def abort() -> None:
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)

    def wait_for_the_end() -> None:
        with contextlib.suppress(OSError, EOFError):  # eventlet's, when we end it ourselves
            connection.settimeout(None)
            connection.recv(1)  # a client that has asked sends no more: this is the end
        follower.end()

    threading.Thread(target=wait_for_the_end, daemon=True).start()
    return abort
