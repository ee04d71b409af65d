"""flask-jwt-extended's own `@jwt_required()`, safe in any blueprint: our rules and refusals.

Our views use `core.auth.login_required`, which costs less: docs/decisions/10-jwt-required.md.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from flask import Flask, Response, g
from flask_jwt_extended.exceptions import InvalidHeaderError, WrongTokenError

from ..core import clock
from ..core.auth import Principal, not_authenticated
from ..core.errors import ApiError, ErrorCode, account_gone, handle_http_exception
from ..extensions import jwt
from . import service, sessions, tokens
from .models import UserRow

WRONG_TYPE = partial(ApiError, ErrorCode.WRONG_TOKEN_TYPE, "Another type of token is needed here.")
NOT_FRESH = partial(
    ApiError, ErrorCode.WRONG_TOKEN_TYPE, "The token of a log-in is needed: log in again."
)


def init_app(app: Flask) -> None:
    """Give the refusals that have no loader of their own their codes. Comes after JWTManager's."""
    app.register_error_handler(InvalidHeaderError, _answer(not_authenticated))
    app.register_error_handler(WrongTokenError, _answer(WRONG_TYPE))


@jwt.token_in_blocklist_loader
def _is_over(_: Any, claims: Mapping[str, Any]) -> bool:
    """Tell whether a token's session has ended, or a refresh token has been replaced."""
    return not sessions.is_live(tokens.read_claims(claims))


@jwt.user_lookup_loader
def _load_user(_: Any, claims: Mapping[str, Any]) -> UserRow | None:
    """Return the row that `current_user` stands for; let `core.auth.current()` know it too."""
    token = tokens.read_claims(claims)
    if token.expires_at <= clock.now().timestamp():
        raise tokens.expired()  # JWT_DECODE_LEEWAY does not make a token live longer
    g.principal = Principal(token.user_id, token.session_id, token.expires_at)
    return service.find_user(token.user_id)


def _answer(refusal: Callable[[], ApiError]) -> Callable[..., Response]:
    return lambda *_: handle_http_exception(refusal())


jwt.unauthorized_loader(_answer(not_authenticated))
jwt.invalid_token_loader(_answer(tokens.invalid))
jwt.token_verification_failed_loader(_answer(tokens.invalid))
jwt.expired_token_loader(_answer(tokens.expired))
jwt.revoked_token_loader(_answer(sessions.revoked))
jwt.user_lookup_error_loader(_answer(account_gone))
jwt.needs_fresh_token_loader(_answer(NOT_FRESH))
