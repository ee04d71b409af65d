"""Who is at the admin pages: a signed cookie that names a session of `accounts`.

The API reads no cookie, and the cookie holds no token, so it is good for nothing else.
"""

from typing import Any, NoReturn

from flask import Flask, Request, g, request, session
from flask.sessions import NullSession, SecureCookieSession, SecureCookieSessionInterface
from sqlalchemy import Row, bindparam, select

from ..accounts import service, tokens
from ..accounts import sessions as account_sessions
from ..accounts.models import sessions, users
from ..core import clock
from ..core.auth import Principal
from ..core.client import current_client
from ..core.database import reading

AdminRow = Row[Any, Any, Any] | None
PATH = "/admin/"
SUPERUSER = (
    select(users.c.id, users.c.username, sessions.c.id.label("session_id"))
    .join(sessions, sessions.c.user_id == users.c.id)
    .where(
        sessions.c.id == bindparam("session_id"),
        sessions.c.expires_at > bindparam("now"),
        users.c.is_superuser,
        users.c.is_active,
    )
)


# No other site's link or form carries the cookie, and browsers send it to no other path.
COOKIE = {
    "SESSION_COOKIE_NAME": "taskmaster_admin",
    "SESSION_COOKIE_PATH": PATH,
    "SESSION_COOKIE_SAMESITE": "Strict",
}


class NoSession(NullSession):
    """What `session` is elsewhere: empty, and not to be filled."""

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        raise RuntimeError(
            f"Only pages below {PATH} have a session; elsewhere a token tells who asks."
        )

    __setitem__ = __delitem__ = clear = pop = popitem = update = setdefault = _refuse


class CookieForAdmin(SecureCookieSessionInterface):
    """Flask's signed cookie, below PATH only.

    Anywhere else a token says who asks, and opening a session would cost every request.
    """

    null_session_class = NoSession

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Read the cookie, on admin pages only."""
        return super().open_session(app, request) if request.path.startswith(PATH) else None

    def get_cookie_secure(self, app: Flask) -> bool:
        """Tell whether it came over TLS, and so has to stay there."""
        return request.is_secure


def open_session(login: str, password: str) -> None:
    """Log a superuser in. Raise ApiError (401, 403, 429, 503)."""
    name = login.strip().lower()
    _, issued = service.log_in(name, password, current_client(), superusers_only=True)
    session.clear()
    session["session_id"] = tokens.verify(issued[tokens.ACCESS], tokens.ACCESS).session_id


def close_session() -> None:
    """End the session that the cookie names."""
    if admin := current_admin():
        account_sessions.log_out(Principal(admin.id, admin.session_id, 0))
    session.clear()


def current_admin() -> AdminRow:
    """Return the superuser whose log-in the cookie names, as long as that lives."""
    if "admin" not in g:
        wanted = {"session_id": session.get("session_id"), "now": clock.now()}
        with reading() as connection:
            g.admin = connection.execute(SUPERUSER, wanted).first()
    found: AdminRow = g.admin
    return found


def admin_name() -> str:
    """Return who does something on a page that only superusers get, for the log."""
    return f"admin {g.admin.username}"
