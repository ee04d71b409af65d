"""Server-sent events (WHATWG HTML, section 9.2): for curl and everything that speaks HTTP."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial

from flask import Response, request
from flask.views import MethodView
from marshmallow import validate

from ..core.auth import Principal, current, login_required
from ..core.blueprint import Blueprint
from ..core.errors import ErrorCode
from ..core.schemas import Schema, Whole
from .handshake import MAX_POSITION, check_origin, current_hub, position
from .protocol import Message
from .subscription import Connection, Subscription
from .takeover import Environ, cut, end_call, find_socket

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
        validate=validate.Range(0, MAX_POSITION),
        metadata={"description": "The last `seq` seen; replay starts after it."},
    )


@blp.route("/stream/")
class Stream(MethodView):
    @login_required
    @blp.arguments(StreamQuerySchema(), location="query")
    @blp.response(200, {"type": "string"}, content_type="text/event-stream", example=EXAMPLE)
    @blp.doc(parameters=[LAST_EVENT_ID])
    @blp.documents_errors(ErrorCode.TOO_MANY_CONNECTIONS, ErrorCode.FORBIDDEN)
    def get(self, query: dict[str, int]) -> Response:
        """Stream events

        Server-sent events: each change of one's tasks as it is committed. `Last-Event-ID`, which
        wins, or `since` resumes after an event: first what was missed, then live, with no seam.
        """
        check_origin()
        since = position(request.headers.get("Last-Event-ID", query.get("since")))
        return _stream(current(), since)


class SSEConnection(Connection):
    """The socket below a response, where the server lets us have it."""

    def __init__(self, raw: socket.socket | None) -> None:
        self._raw = raw

    def abort(self) -> None:
        """End the connection at once, which frees a blocked write."""
        if self._raw:
            cut(self._raw)

    def watch(self, subscription: Subscription) -> None:
        """Notice when the client goes, which an idle stream would not before the heartbeat."""
        if self._raw:
            args = (self._raw, subscription)
            threading.Thread(target=_wait_for_the_end, args=args, daemon=True).start()


def _stream(principal: Principal, since: int | None) -> Response:
    connection = SSEConnection(find_socket(request.environ))
    with ExitStack() as stack:
        opening = current_hub().subscribe(principal, since, connection)
        subscription = stack.enter_context(opening)
        connection.watch(subscription)
        response = Response(_frames(subscription), mimetype="text/event-stream")
        response.headers.update({"X-Accel-Buffering": "no", "Connection": "close"})
        # Not in the generator: one that never starts never runs its `finally`.
        response.call_on_close(partial(_end, stack.pop_all(), request.environ))
    return response


def _end(stack: ExitStack, environ: Environ) -> None:
    """Unsubscribe, and close the connection: a next request would be read as the client's end."""
    stack.close()
    end_call(environ)


def _wait_for_the_end(raw: socket.socket, subscription: Subscription) -> None:
    with contextlib.suppress(OSError, EOFError):  # eventlet's, when we end it ourselves
        raw.settimeout(None)
        raw.recv(1)  # a client that has asked sends no more: this is the end
    subscription.close()


def _frames(subscription: Subscription) -> Iterator[str]:
    for batch in subscription.messages():
        yield "".join(map(frame, batch)) or ": still here\n\n"


def frame(message: Message) -> str:
    """Return an event; its JSON has no line break, so one `data` line does.

    A standard client sends the last `id` when it reconnects, hence `stream_ready` has one too.
    """
    position = "" if message.seq is None else f"id: {message.seq}\n"
    return f"{position}event: {message.name}\ndata: {message.payload}\n\n"
