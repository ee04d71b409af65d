"""What every request and response of this application has in common."""

from functools import lru_cache

from flask import Flask, Response, current_app, request
from flask.sessions import SessionInterface, SessionMixin
from flask_cors import CORS
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.sansio.utils import host_is_trusted

from .errors import ApiError, ErrorCode

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
HSTS = "max-age=31536000; includeSubDomains"
HEALTH = ("/livez", "/readyz", "/metrics")  # asked by address, whatever the name
EXPOSED = [
    "ETag",
    "Location",
    "Stream-Position",
    "X-Request-ID",
    "Retry-After",
    "RateLimit-Limit",
    "RateLimit-Remaining",
    "RateLimit-Reset",
]
PREFLIGHT_SECONDS = 600


class NoSession(SessionInterface):
    """No cookie session: tokens say who is asking, and opening one costs every request."""

    def open_session(self, app: Flask, request: object) -> SessionMixin | None:
        """Open none."""
        return None


def init_app(app: Flask) -> None:
    """Serve URLs with and without their slash, to trusted hosts, with safe headers."""
    app.session_interface = NoSession()
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    app.before_request(_check_host)
    app.after_request(_add_headers)
    if origins := app.config["CORS_ORIGINS"]:
        CORS(app, origins=origins, expose_headers=EXPOSED, max_age=PREFLIGHT_SECONDS)


def trust_proxies(app: Flask) -> None:
    """Take address, scheme and host from as many proxies as are ours (TRUSTED_PROXIES).

    Must come last: what is inside, Socket.IO too, then sees the client and not the proxy.
    """
    if count := app.config["TRUSTED_PROXIES"]:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=count, x_proto=count, x_host=count
        )


def _check_host() -> None:
    if request.path not in HEALTH and not _trusted(
        request.headers.get("Host", ""), tuple(current_app.config["ALLOWED_HOSTS"])
    ):
        raise ApiError(ErrorCode.UNTRUSTED_HOST, "This host name is not served here.")


@lru_cache(maxsize=256)
def _trusted(host: str, allowed: tuple[str, ...]) -> bool:
    host = host.lower()
    address, bracket, _ = host.partition("]")
    if bracket:  # werkzeug cuts the names that it trusts at a colon, hence "[::1]" to "["
        return address + bracket in allowed and host_is_trusted(host)
    return host_is_trusted(host, allowed)


def _add_headers(response: Response) -> Response:
    present = {name for name, _ in response.headers}
    for name, value in HEADERS.items():
        if name not in present:
            response.headers.add(name, value)
    if request.is_secure:
        response.headers["Strict-Transport-Security"] = HSTS
    return response
