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
from ..core.database import writing
from ..core.errors import ApiError, ErrorCode
from . import sessions, tokens
from .rows import User, update_unless_changed
from .service import find_user, hash_new_password

log = structlog.get_logger(__name__)

LIFETIME = timedelta(hours=24)


def make(user: User, by: str) -> str:
    """Return what the link of a user carries; `by` says who asked, for the log."""
    until = int((clock.now() + LIFETIME).timestamp())
    log.info("password_link_made", user_id=user.id, by=by)
    return str(_serializer().dumps([user.id, _mark(user), until]))


def redeem(token: str, password: str, client: Client) -> None:
    """Set a password and end all sessions. Raise ApiError (401, 422)."""
    user = _read(token)
    password_hash = hash_new_password(user, password, "password", client.address)
    changes = {"password_hash": password_hash, "last_updated": clock.now()}
    with writing() as connection:
        if update_unless_changed(connection, user, changes) is None:
            raise _no_longer_valid()
        over = sessions.end_in(connection, user.id)
    sessions.announce(user.id, over)
    log.info("password_set", user_id=user.id, sessions_ended=len(over), by="link")


def _read(token: str) -> User:
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


def _mark(user: User) -> str:
    return sha256(user.password_hash.encode()).hexdigest()[:16]


def _no_longer_valid() -> ApiError:
    return ApiError(ErrorCode.TOKEN_REVOKED, "This link is no longer valid.")
