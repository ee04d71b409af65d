"""The pages, and the files that they load. None needs a cookie or an inline script."""

import json
from pathlib import Path, PurePath
from typing import Any

from flask import (
    Blueprint,
    Response,
    current_app,
    make_response,
    render_template,
    request,
    send_from_directory,
    url_for,
)
from flask_cors import cross_origin
from werkzeug.exceptions import HTTPException

from ..core.caching import revalidated, vary
from ..core.document import PROBLEM, error_response
from ..core.errors import ErrorCode, handle_http_exception
from ..core.json import json_response
from . import assets, asyncapi, stream_messages
from . import streams_doc as doc

blp = Blueprint("site", __name__, template_folder="templates")

BASE_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "connect-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}
HTML = "text/html"
KINDS = ("application/problem+json", "application/json", HTML)  # of refusals; the first for any
CLIENT_TYPES = {".js": "text/javascript", ".ts": "application/typescript"}  # as browsers need them
# Redoc makes its styles at run time, and searches in a worker that it makes of a blob.
REDOC_POLICY = {"style-src": "'self' 'unsafe-inline'", "worker-src": "blob:"}


@blp.get("/")
@blp.get("/account")
def board() -> Response:
    """Show the task board, live, or the account: two views of one page."""
    closed = current_app.config["REGISTRATION"] == "closed"
    bundle = assets.SOCKET_IO if assets.SOCKET_IO.installed else None  # else by a plain WebSocket
    return _page("board.html", bundle, closed=closed)


@blp.get("/docs")
def docs() -> Response:
    """Show the reference of the API."""
    return _page("docs.html", assets.REDOC, REDOC_POLICY)


@blp.get("/docs/streams")
def stream_docs() -> Response:
    """Show the reference of the streams."""
    return _page("streams.html", doc=doc, messages=stream_messages)


@blp.get("/docs/errors")
def error_docs() -> Response:
    """Show what each error code means, and what to do about it."""
    refusal = error_response([ErrorCode.VALIDATION_FAILED])["content"][PROBLEM]["example"]
    return _page("errors.html", codes=ErrorCode, example=json.dumps(refusal, indent=2))


@blp.get("/set-password")
def set_password() -> Response:
    """Let the holder of a one-time link set a password; the link's token is in the fragment."""
    return _page("set_password.html")


@blp.get("/asyncapi.json")
def asyncapi_json() -> Response:
    """Describe the streams for programs."""
    return revalidated(json_response(asyncapi.document(request.scheme, request.host)))


@blp.get("/static/<version>/<path:name>")
def static(version: str, name: str) -> Response:
    """Serve a file of the pages; under its present version, for a year."""
    current = version == assets.version()
    response = _send(assets.STATIC, name, max_age=assets.A_YEAR if current else 0)
    if current:
        response.cache_control.immutable = True
    return response


@blp.get("/client/<name>")
@cross_origin(origins="*", send_wildcard=True)
def client(name: str) -> Response:
    """Serve a module of the JavaScript client, at a URL that stays, to pages of any origin."""
    kind = CLIENT_TYPES.get(PurePath(name).suffix)
    return _send(assets.STATIC / "client", name, mimetype=kind, max_age=0)


@blp.app_errorhandler(404)
def not_there(error: HTTPException) -> Response:
    """Show browsers a page for what is not there; tell everybody else as the API does."""
    response = handle_http_exception(error)
    if not request.path.startswith("/api/") and request.accept_mimetypes.best_match(KINDS) == HTML:
        response = _page("not_there.html", status=404)
    vary(response, "Accept")
    return response


def _send(directory: Path, name: str, **options: Any) -> Response:
    response = send_from_directory(directory, name, **options)
    del response.headers["Accept-Ranges"]  # they are ignored: core/caching.py
    return response


def _page(
    template: str,
    bundle: assets.Bundle | None = None,
    policy: dict[str, str] | None = None,
    status: int = 200,
    **context: Any,
) -> Response:
    rules = BASE_POLICY | (policy or {})
    if bundle and not bundle.installed:
        rules = rules | {"script-src": f"{rules['script-src']} {bundle.cdn_url}"}
    response = make_response(render_template(template, bundle=bundle, **context), status)
    response.headers["Content-Security-Policy"] = "; ".join(map(" ".join, rules.items()))
    return revalidated(response) if status == 200 else response


@blp.app_context_processor
def _helpers() -> dict[str, Any]:
    def asset(name: str) -> str:
        return url_for("site.static", version=assets.version(), name=name)

    return {"asset": asset, "title": current_app.config["API_TITLE"]}
