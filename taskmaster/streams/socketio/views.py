"""Socket.IO's one URL, as a route: it passes the same checks and headers as all others.

Flask-SocketIO would answer it before Flask does, and neither the host nor the rate would be
looked at, no request be named or logged, and a refusal have a shape of its own.
"""

from collections.abc import Iterable
from typing import Any

import structlog
from flask import Blueprint, Flask, Response, current_app, request
from werkzeug.exceptions import default_exceptions

from ...core.errors import ApiError, ErrorCode, handle_http_exception
from ..handshake import check_origin
from ..hub import Hub
from ..takeover import end_call, raw_socket
from .server import make_server

log = structlog.get_logger(__name__)

blp = Blueprint("socketio", __name__)

Environ = dict[str, Any]


def init_app(app: Flask, hub: Hub) -> None:
    """Serve Socket.IO."""
    make_server(app, hub)
    app.register_blueprint(blp)


class Upgrade(Response):
    """A response that lets engine.io take the connection over, or refuse to."""

    def __init__(self) -> None:
        super().__init__(status=101)
        self.headers.clear()

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        """Converse until the connection is over."""
        begun: list[tuple[Any, ...]] = []
        body = _engine(environ, lambda *begin: begun.append(begin))
        if not begun:  # it was taken over
            end_call(environ)
        response = _in_our_shape(Response(body, *begun[0][:2]))
        response.headers.extend(self.headers)
        return response(environ, start_response)


@blp.route("/socket.io/", methods=["GET", "POST"])
def poll() -> Response:
    """Open or go on with a connection by polling."""
    _check()
    request.environ.pop("HTTP_UPGRADE", None)  # without `Connection: Upgrade` it means nothing
    try:
        return _in_our_shape(Response.from_app(_engine, request.environ))  # type: ignore[arg-type]
    except KeyError:  # engine.io looks a session up more than once, and this one went meanwhile
        raise _unknown_session() from None


@blp.get("/socket.io/", websocket=True)
def upgrade() -> Response:
    """Open a connection as a WebSocket, or change over to one."""
    _check()
    raw_socket(request.environ)  # or refuse
    return Upgrade()


def _engine(environ: Environ, start_response: Any) -> Iterable[bytes]:
    environ["flask.app"] = current_app._get_current_object()  # type: ignore[attr-defined]
    return _server().handle_request(environ, start_response)  # type: ignore[no-any-return]


def _server() -> Any:
    return current_app.extensions["socketio"].server


def _check() -> None:
    """Say what is wrong, which engine.io's own refusals do not. Raise ApiError (400, 403)."""
    check_origin()
    engine, sid = _server().eio, request.args.get("sid")
    if not sid and request.args.getlist("EIO") != ["4"]:
        raise ApiError(
            ErrorCode.MALFORMED_REQUEST,
            "Only version 4 of the Engine.IO protocol is supported (`EIO=4`): use socket.io-client "
            "3 or later, or python-socketio 5 or later.",
        )
    if (request.args.get("transport") or "polling") == "polling" not in engine.transports:
        raise ApiError(
            ErrorCode.WEBSOCKET_ONLY,
            "Polling is not available where several processes serve: connect with "
            '`transports: ["websocket"]`.',
        )
    if sid and sid not in engine.sockets:
        raise _unknown_session()


def _unknown_session() -> ApiError:
    detail = "This session is over, or was never opened here: connect again, without `sid`."
    return ApiError(ErrorCode.MALFORMED_REQUEST, detail)


def _in_our_shape(response: Response) -> Response:
    """Return what engine.io answers; problem details for a refusal."""
    if response.status_code < 400:
        return response
    log.info("socketio_refused", status=response.status_code)
    return handle_http_exception(default_exceptions[response.status_code]())
