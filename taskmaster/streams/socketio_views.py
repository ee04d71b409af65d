"""Socket.IO's one URL, as a route: it passes the same checks and headers as all others.

Flask-SocketIO would answer it before Flask does, and neither the host nor the rate would be
looked at, no request be named or logged, and a refusal have a shape of its own.
"""

from collections.abc import Callable, Iterable
from typing import Any

import structlog
from flask import Blueprint, Response, current_app, request
from werkzeug.exceptions import BadRequest, HTTPException, MethodNotAllowed, Unauthorized

from ..core.errors import handle_http_exception
from . import auth

log = structlog.get_logger(__name__)

blp = Blueprint("socketio", __name__)

Environ = dict[str, Any]


class Upgrade(Response):
    """A response that lets engine.io take the connection over, or refuse to."""

    def __init__(self) -> None:
        super().__init__(status=101)
        self.headers.clear()

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        """Converse until the connection is over."""

        def refuse(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            return start_response(status, [*self.headers, *headers], exc_info)

        return _engine(environ, refuse)


@blp.route("/socket.io/", methods=["GET", "POST"])
def poll() -> Response:
    """Open or go on with a connection by polling."""
    auth.check_origin()
    request.environ.pop("HTTP_UPGRADE", None)  # without `Connection: Upgrade` it means nothing
    return Response.from_app(_engine, request.environ)  # type: ignore[return-value]


@blp.get("/socket.io/", websocket=True)
def upgrade() -> Response:
    """Open a connection as a WebSocket, or change over to one."""
    auth.check_origin()
    return Upgrade()


def _engine(environ: Environ, start_response: Any) -> Iterable[bytes]:
    environ["flask.app"] = current_app._get_current_object()  # type: ignore[attr-defined]
    server = current_app.extensions["socketio"].server
    return server.handle_request(environ, start_response)  # type: ignore[no-any-return]


def speak_our_errors(engine: Any) -> None:
    """Have engine.io refuse with problem details."""
    engine._bad_request = _refusal(BadRequest())
    engine._unauthorized = _refusal(Unauthorized())
    engine._method_not_found = _refusal(MethodNotAllowed(["GET", "POST"]))


def _refusal(error: HTTPException) -> Callable[..., dict[str, Any]]:
    def refuse(_message: object = None) -> dict[str, Any]:  # it would repeat what was sent
        response = handle_http_exception(error)
        log.info("socketio_refused", status=response.status_code)
        return {
            "status": response.status,
            "headers": [*response.headers],
            "response": response.data,
        }

    return refuse
