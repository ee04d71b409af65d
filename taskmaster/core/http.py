"""What every request and response of this application has in common."""

import re
from functools import lru_cache
from typing import IO

from flask import Flask, Response
from flask_cors import CORS
from werkzeug.exceptions import BadRequest, MethodNotAllowed, RequestEntityTooLarge
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.sansio.utils import host_is_trusted

from config import LOOPBACK

from . import document
from .caching import vary
from .current import current_application, current_request
from .errors import ApiError, ErrorCode
from .slots import Slot

METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")  # all that any URL serves
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
HSTS = "max-age=31536000"  # subdomains are not ours to decide on
HEALTH = ("/livez", "/readyz", "/metrics")  # asked by address, whatever the name
PREFLIGHT_SECONDS = 600
ORIGINS = Slot[re.Pattern[str] | None]("origins")
PREFLIGHT = "Access-Control-Request-Method"  # with Origin, it makes OPTIONS a preflight


def init_app(app: Flask) -> None:
    """Serve URLs with and without their slash, to trusted hosts, with safe headers."""
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    app.before_request(_check_method)
    app.before_request(_bound_body)
    app.before_request(_check_host)
    app.after_request(_add_headers)
    if origins := ORIGINS.fill(app, _origins(app)):
        _let_in(app, origins)


def _origins(app: Flask) -> re.Pattern[str] | None:
    """Return what matches the origins of other pages that may call; None where none may."""
    forms = [re.escape(one) if one != "*" else ".*" for one in app.config["CORS_ORIGINS"]]
    if app.config["ENVIRONMENT"] == "development":
        forms += [rf"https?://{re.escape(host)}(:\d+)?" for host in LOOPBACK]
    return re.compile(rf"({'|'.join(forms)})\Z", re.IGNORECASE) if forms else None


def is_origin_trusted(origin: str) -> bool:
    """Tell whether a page of this origin may call: ours, or one that CORS_ORIGINS lets in."""
    others = ORIGINS.get()
    return origin == current_request().host_url.rstrip("/") or bool(others and others.match(origin))


def _let_in(app: Flask, origins: re.Pattern[str]) -> None:
    app.before_request(_answer_preflight)
    CORS(
        app,
        origins=[origins],
        expose_headers=[*document.DESCRIBED_HEADERS],
        max_age=PREFLIGHT_SECONDS,
        always_send=False,  # to who names no origin it would list all of ours
        vary_header=False,  # it says so only where the origin is let in
    )
    app.after_request(_vary_by_origin)


def _answer_preflight() -> Response | None:
    """Answer every preflight alike, before limits and routing do, unless its headers are too long.

    A browser hides from its page why a preflight was refused, so the 404 or the 429 must be the
    answer to the request itself.
    """
    request = current_request()
    named = request.headers
    if request.method == "OPTIONS" and "Origin" in named and PREFLIGHT in named:
        return Response()
    return None


def _vary_by_origin(response: Response) -> Response:
    vary(response, "Origin")
    return response


def trust_proxies(app: Flask) -> None:
    """Take the client's address from behind TRUSTED_PROXIES, scheme and host from the nearest.

    Each proxy adds an address to X-Forwarded-For; the other headers have one value.
    Must come last: what is inside, Socket.IO too, then sees the client and not the proxy.
    """
    if count := app.config["TRUSTED_PROXIES"]:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=count, x_proto=1, x_host=1
        )


class ChunkedBody:
    """A body without a length, of at most `limit` bytes.

    werkzeug refuses too large a Content-Length by itself, but cuts a long body without one.
    """

    def __init__(self, stream: IO[bytes], limit: int) -> None:
        self._stream = stream
        self._left = limit

    def read(self, size: int = -1) -> bytes:
        """Return up to `size` bytes. Raise BadRequest if the framing is wrong."""
        try:
            data = self._stream.read(size)
            self._left -= len(data)
            # Who has read up to the limit does not read again: look here whether there is more.
            more = data if self._left < 0 else self._left == 0 and self._stream.read(1)
        except Exception:  # each server has its own
            raise BadRequest from None
        if data and more:
            raise RequestEntityTooLarge
        return data


def _check_method() -> None:
    """Refuse a method that no URL serves, before anything is counted or kept under its name."""
    request = current_request()
    # As it was sent: werkzeug knows it in capitals, but `delete` is no DELETE (RFC 9110, 9.1).
    if request.environ["REQUEST_METHOD"] not in METHODS:
        rule, refusal = request.url_rule, request.routing_exception
        if isinstance(refusal, MethodNotAllowed):
            raise refusal  # with what this URL serves
        raise MethodNotAllowed(rule.methods if rule else METHODS)


def _bound_body() -> None:
    if "HTTP_TRANSFER_ENCODING" in (environ := current_request().environ):
        environ["wsgi.input"] = ChunkedBody(
            environ["wsgi.input"], current_application().config["MAX_CONTENT_LENGTH"]
        )


def _check_host() -> None:
    request, allowed = current_request(), current_application().config["ALLOWED_HOSTS"]
    host = request.environ.get("HTTP_HOST", "")
    if request.path not in HEALTH and not _trusted(host, tuple(allowed)):
        raise ApiError(ErrorCode.UNTRUSTED_HOST, "This host name is not served here.")


@lru_cache(maxsize=256)
def _trusted(host: str, allowed: tuple[str, ...]) -> bool:
    host, allowed = host.lower(), tuple(re.sub(r":\d+\Z", "", name.lower()) for name in allowed)
    address, bracket, _ = host.partition("]")
    if bracket:  # werkzeug cuts the names that it trusts at a colon, hence "[::1]" to "["
        return address + bracket in allowed and host_is_trusted(host)
    return host_is_trusted(host, allowed)


def _add_headers(response: Response) -> Response:
    present = {name for name, _ in response.headers}
    for name, value in HEADERS.items():
        if name not in present:
            response.headers.add(name, value)
    if current_request().is_secure:
        response.headers["Strict-Transport-Security"] = HSTS
    return response
