"""Server-sent events (WHATWG HTML, section 9.2): for curl and everything that speaks HTTP."""

import socket
import threading
from contextlib import ExitStack, suppress

from flask import Response, request

from ..core.auth import Principal, current, login_required
from ..core.blueprint import Blueprint
from ..core.current import return_connection
from ..core.errors import ErrorCode
from ..core.schemas import INT64, Schema
from .handshake import HUB, SINCE, check_origin, position
from .protocol import Message
from .subscription import Subscription
from .takeover import Connection, end_call, find_socket

blp = Blueprint("stream", __name__, url_prefix="/api/v1/tasks", description="What happens, live.")

LAST_EVENT_ID = {
    "name": "Last-Event-ID",
    "in": "header",
    "schema": {"type": "integer", "minimum": 0, "example": 42, **INT64},
    "description": "The last `id` seen; replay starts after it. It wins over `since`.",
}
HEARTBEAT = ": still here\n\n"
EXAMPLE = (
    'id: 43\nevent: task_delete\ndata: {"seq":43,"action":"task_delete","occurred_at":'
    '"2030-01-31T12:00:00.000000+00:00","id":"0197f3c2-8f1e-7cc0-b3a4-5d1f0e6a9b21"}\n\n'
)


class StreamQuerySchema(Schema):
    """Where to resume."""

    since = SINCE


@blp.get("/stream/")
@login_required
@blp.arguments(StreamQuerySchema(), location="query")
@blp.response(200, {"type": "string"}, content_type="text/event-stream", example=EXAMPLE)
@blp.doc(parameters=[LAST_EVENT_ID])
@blp.documents_errors(ErrorCode.TOO_MANY_CONNECTIONS, ErrorCode.FORBIDDEN)
def stream_events(query: dict[str, int]) -> Response:
    """Stream events

    Server-sent events: each change of one's tasks as it is committed. `Last-Event-ID`, which
    wins, or `since` resumes after an event: first what was missed, then live.
    """
    check_origin()
    return_connection()
    since = request.headers.get("Last-Event-ID", query.get("since"))
    return _stream(current(), position(since))


def _stream(principal: Principal, since: int | None) -> Response:
    raw = find_socket(request.environ)
    with ExitStack() as stack:
        subscription = stack.enter_context(HUB.get().subscribe(principal, since, Connection(raw)))
        if raw:
            watcher = threading.Thread(target=_watch, args=(raw, subscription), daemon=True)
            watcher.start()
            stack.callback(watcher.join, 1)  # before a new socket can get its descriptor
        frames = ("".join(map(frame, batch)) or HEARTBEAT for batch in subscription.messages())
        response = Response(frames, 200, {"X-Accel-Buffering": "no"}, "text/event-stream")
        # The connection ends too: the watcher would take a next request for the client's end. Not
        # in the generator: one that never starts never runs its `finally`.
        stack.callback(end_call, request.environ)
        response.call_on_close(stack.pop_all().close)
    return response


def _watch(raw: socket.socket, subscription: Subscription) -> None:
    """Notice when the client goes, which an idle stream would not before the heartbeat."""
    with suppress(OSError, EOFError):  # eventlet's, when we end it ourselves
        raw.settimeout(None)
        raw.recv(1)  # a client that has asked sends no more: this is the end
    subscription.close()


def frame(message: Message) -> str:
    """Return an event; its JSON has no line break, so one `data` line does.

    A standard client sends the last `id` when it reconnects, hence `stream_ready` has one too.
    """
    position = "" if message.seq is None else f"id: {message.seq}\n"
    return f"{position}event: {message.name}\ndata: {message.payload}\n\n"
