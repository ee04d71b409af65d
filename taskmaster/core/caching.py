"""What browsers and proxies may keep of a response, and for whom."""

from flask import Flask, Response

from .current import current_request
from .errors import ApiError, ErrorCode

# A GET is answered in full, or by 304 where `If-None-Match` names what the client has.
IGNORED = ("HTTP_IF_MATCH", "HTTP_IF_MODIFIED_SINCE", "HTTP_RANGE")
# The most characters of headers that have several parts; repeated lines count together.
# Werkzeug's time to read them grows with the square of their length, up to a minute. flask-cors
# compares the headers that a preflight asks for item by item, which takes up to two seconds.
MAX_LENGTHS = {
    "HTTP_ACCEPT": 1024,
    "HTTP_ACCEPT_ENCODING": 1024,
    "HTTP_ACCESS_CONTROL_REQUEST_HEADERS": 1024,
    "HTTP_COOKIE": 8190,
    "HTTP_IF_MATCH": 8190,
    "HTTP_IF_NONE_MATCH": 8190,
}


def init_app(app: Flask) -> None:
    """Look at the headers that werkzeug and flask-cors read in parts, before they do."""
    app.before_request(_look_at_headers)


def _look_at_headers() -> None:
    """Drop what no GET here supports; refuse what is longer than any client sends.

    Raise ApiError (400).
    """
    request = current_request()
    environ = request.environ
    if request.method in ("GET", "HEAD"):
        for name in IGNORED:
            environ.pop(name, None)
    for name, most in MAX_LENGTHS.items():
        if name in environ and len(environ[name]) > most:
            del environ[name]  # the refusal is answered without a look at it
            field = name.removeprefix("HTTP_").replace("_", "-").title()
            detail = f"{field} has more than {most:,} characters."
            raise ApiError(ErrorCode.MALFORMED_REQUEST, detail)


def vary(response: Response, field: str) -> None:
    """Say that the response depends on this field of the request too (RFC 9110, section 12.5.5)."""
    if present := response.headers.get("Vary"):
        response.headers["Vary"] = f"{present}, {field}"
    else:
        response.headers.add("Vary", field)  # which costs less than to set it


def let_user_keep(response: Response) -> Response:
    """Let only this user's browser keep a success, asking each time whether it is still the same.

    For `after_request` of blueprints whose replies hold the user's own data and no token. Their
    views do not set `Cache-Control`.
    """
    if response.status_code < 400:
        response.headers.add("Cache-Control", "private, no-cache")
        vary(response, "Authorization")
    return response


def revalidated(response: Response) -> Response:
    """Let everybody keep a response, asking each time whether it is still the same."""
    response.headers["Cache-Control"] = "no-cache"
    response.add_etag()
    response.make_conditional(current_request())
    return response
