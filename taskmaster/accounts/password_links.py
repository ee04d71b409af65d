"""One-time links: who has one may set a password without knowing the old one.

A link names the password that it replaces, so the first use ends it, and so does any other change
of the password. It stands in the fragment of a URL, which browsers send to no server.
"""

from datetime import timedelta
from hashlib import sha256

import structlog
from flask import current_app
from itsdangerous import BadSignature, URLSafeSerializer

from ..core import clock
from ..core.client import Client
from ..core.errors import ApiError, ErrorCode
from . import sessions, tokens
from .models import UserRow
from .service import find_user, replace_password

log = structlog.get_logger(__name__)

LIFETIME = timedelta(hours=24)


def make(user: UserRow, by: str) -> str:
    """Return what the link of a user carries; `by` says who asked, for the log."""
    until = int((clock.now() + LIFETIME).timestamp())
    log.info("password_link_made", user_id=user.id, by=by)
    return str(_serializer().dumps([user.id, _mark(user), until]))


def redeem(token: str, password: str, client: Client) -> None:
    """Set a password and end all sessions. Raise ApiError (401, 422, 429, 503)."""
    user = _read(token)
    refusal = _no_longer_valid()
    count = replace_password(user, password, "password", client, refusal, sessions.ALL)
    log.info("password_set", user_id=user.id, sessions_ended=count, by="link")


def _read(token: str) -> UserRow:
    try:
        user_id, mark, until = _serializer().loads(token)
    except BadSignature:
        raise tokens.invalid() from None
    if until <= clock.now().timestamp():
        raise tokens.expired()
    user = find_user(user_id)
    if user is None or _mark(user) != mark:
        raise _no_longer_valid()
    return user


def _serializer() -> URLSafeSerializer:
    config = current_app.config
    keys = [*config["SECRET_KEY_FALLBACKS"], config["SECRET_KEY"]]  # the last one signs
    return URLSafeSerializer(keys, salt="password-link")


def _mark(user: UserRow) -> str:
    return sha256(user.password_hash.encode()).hexdigest()[:16]


def _no_longer_valid() -> ApiError:
    return ApiError(ErrorCode.TOKEN_REVOKED, "This link is no longer valid.")
