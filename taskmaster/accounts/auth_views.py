"""Getting, checking, renewing and giving up tokens."""

from typing import Any

from ..core import limits
from ..core.auth import current, login_required
from ..core.blueprint import Blueprint
from ..core.client import current_client
from ..core.errors import ErrorCode
from ..core.schemas import MessageSchema
from . import password_links, service, sessions
from .schemas import (
    AccountSchema,
    DetailSchema,
    LoginSchema,
    PasswordLinkSchema,
    RefreshSchema,
    RegistrationSchema,
    TokenSchema,
    TokensSchema,
)

blp = Blueprint("auth", __name__, url_prefix="/api/v1/auth", description="Tokens and sessions.")


def _with_tokens(user: Any, tokens: dict[str, str]) -> dict[str, Any]:
    return {**user._mapping, "tokens": tokens}


@blp.post("/register/")
@blp.arguments(RegistrationSchema())
@blp.response(201, AccountSchema)
@blp.documents_errors(ErrorCode.ALREADY_EXISTS, ErrorCode.REGISTRATION_CLOSED)
def register(fields: dict[str, Any]) -> Any:
    """Register

    Makes an account and logs it in.
    """
    limits.count_request("RATELIMIT_REGISTER")
    return _with_tokens(*service.register(fields, current_client()))


@blp.post("/login/")
@blp.arguments(LoginSchema(), example={"username": "ada_l", "password": "correct horse"})
@blp.response(200, AccountSchema)
@blp.documents_errors(ErrorCode.BAD_CREDENTIALS)
def log_in(credentials: dict[str, Any]) -> Any:
    """Log in

    Opens a session. `username` takes a username or an e-mail; `email` may stand in its place.
    """
    return _with_tokens(*service.log_in(**credentials, client=current_client()))


@blp.post("/token/verify/")
@blp.arguments(TokenSchema())
@blp.response(200, MessageSchema)
@blp.documents_errors(ErrorCode.INVALID_TOKEN, ErrorCode.TOKEN_EXPIRED, ErrorCode.TOKEN_REVOKED)
def check_token(body: dict[str, str]) -> Any:
    """Check a token

    Tells whether a token, access or refresh, could be used now.
    """
    sessions.check(body["token"])
    return {"message": "Token is valid"}


@blp.post("/token/refresh/")
@blp.arguments(RefreshSchema())
@blp.response(200, TokensSchema)
@blp.documents_errors(
    ErrorCode.INVALID_TOKEN,
    ErrorCode.TOKEN_EXPIRED,
    ErrorCode.TOKEN_REVOKED,
    ErrorCode.WRONG_TOKEN_TYPE,
)
def refresh_tokens(body: dict[str, str]) -> Any:
    """Refresh the tokens

    Trades a refresh token for a new pair. The token traded in gets the same pair again for
    ten seconds (a lost reply, two tabs); after that it is taken for stolen, and presenting it
    ends the session.
    """
    limits.count_request("RATELIMIT_REFRESH")
    return sessions.rotate(body["refresh"])


@blp.post("/password/")
@blp.arguments(PasswordLinkSchema())
@blp.response(200, DetailSchema)
@blp.documents_errors(ErrorCode.INVALID_TOKEN, ErrorCode.TOKEN_EXPIRED, ErrorCode.TOKEN_REVOKED)
def set_password_by_link(body: dict[str, str]) -> Any:
    """Set a password by a link

    With the token of a one-time link from an operator. Ends all sessions of the account.
    """
    password_links.redeem(body["token"], body["password"], current_client())
    return {"detail": "password updated successfully"}


@blp.post("/logout/")
@login_required
@blp.response(200, MessageSchema)
def log_out() -> Any:
    """Log out

    Ends this session: its tokens are refused from now on, its streams are closed.
    """
    sessions.log_out(current())
    return {"message": "Logged out"}
