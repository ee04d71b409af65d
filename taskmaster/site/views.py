"""The pages, and the files that they load. None needs a cookie or an inline script."""

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

from ..core.caching import revalidated
from ..core.json import json_response
from . import assets, asyncapi
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
# Redoc makes its styles at run time, and searches in a worker that it makes of a blob.
REDOC_POLICY = {"style-src": "'self' 'unsafe-inline'", "worker-src": "blob:"}


@blp.get("/")
def board() -> Response:
    """Show the task board, live."""
    return _page("board.html", assets.SOCKET_IO)


@blp.get("/docs")
def docs() -> Response:
    """Show the reference of the API."""
    return _page("docs.html", assets.REDOC, REDOC_POLICY)


@blp.get("/docs/streams")
def stream_docs() -> Response:
    """Show the reference of the streams."""
    return _page("streams.html", doc=doc)


@blp.get("/asyncapi.json")
def asyncapi_json() -> Response:
    """Describe the streams for programs."""
    return revalidated(json_response(asyncapi.document(request.scheme, request.host)))


@blp.get("/static/<version>/<path:name>")
def static(version: str, name: str) -> Response:
    """Serve a file of the pages; under its present version, for a year."""
    current = version == assets.version()
    response = send_from_directory(
        assets.STATIC, name, max_age=assets.A_YEAR if current else 0, conditional=True
    )
    if current:
        response.cache_control.immutable = True
    return response


def _page(
    template: str,
    bundle: assets.Bundle | None = None,
    policy: dict[str, str] | None = None,
    **context: Any,
) -> Response:
    rules = BASE_POLICY | (policy or {})
    if bundle and not bundle.installed:
        rules = rules | {"script-src": f"{rules['script-src']} {bundle.cdn_url}"}
    response = make_response(render_template(template, bundle=bundle, **context))
    response.headers["Content-Security-Policy"] = "; ".join(map(" ".join, rules.items()))
    return revalidated(response)


@blp.app_context_processor
def _helpers() -> dict[str, Any]:
    def asset(name: str) -> str:
        return url_for("site.static", version=assets.version(), name=name)

    return {"asset": asset, "title": current_app.config["API_TITLE"]}
