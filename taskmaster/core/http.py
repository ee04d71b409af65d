"""What every request and response of this application has in common."""

from functools import lru_cache

from flask import Flask, Response, current_app, request
from flask.sessions import SessionInterface, SessionMixin
from werkzeug.sansio.utils import host_is_trusted

from .errors import ApiError, ErrorCode

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
HEALTH = ("/livez", "/readyz")  # asked by address, whatever the name


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


def _check_host() -> None:
    if request.path not in HEALTH and not _trusted(
        request.headers.get("Host", ""), tuple(current_app.config["ALLOWED_HOSTS"])
    ):
        raise ApiError(ErrorCode.UNTRUSTED_HOST, "This host name is not served here.")


@lru_cache(maxsize=256)
def _trusted(host: str, allowed: tuple[str, ...]) -> bool:
    return host_is_trusted(host, allowed)


def _add_headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response
