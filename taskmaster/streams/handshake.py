"""What the three transports ask of a client before it may follow: origin, token, position."""

from typing import Any

from flask import current_app, request
from sqlalchemy.exc import SQLAlchemyError

from ..core.auth import Principal, authenticate, not_authenticated
from ..core.errors import ApiError, ErrorCode, invalid
from .hub import Hub
from .protocol import Message, control
from .subscription import Subscription

MAX_POSITION = 2**63 - 1


def current_hub() -> Hub:
    """Return the application's hub."""
    hub: Hub = current_app.extensions["hub"]
    return hub


def header_token() -> str | None:
    """Return the token of the Authorization header, with or without `Bearer`."""
    header = request.headers.get("Authorization", "").strip()
    scheme, _, token = header.partition(" ")
    return (token.strip() if scheme.lower() == "bearer" else header) or None


def identify(token: Any) -> Principal:
    """Return who a token stands for. Raise ApiError (401)."""
    if not token:
        raise not_authenticated()
    if not isinstance(token, str):
        raise ApiError(ErrorCode.INVALID_TOKEN, "This token is not valid.")
    scheme, _, rest = token.partition(" ")
    return authenticate(rest.strip() if scheme.lower() == "bearer" else token)


def position(since: Any) -> int | None:
    """Return a position as a whole number, None for none. Raise ApiError (422)."""
    if since is None:
        return None
    if isinstance(since, str) and since.isascii() and since.isdigit() and len(since) < 20:
        since = int(since)
    if type(since) is not int or not 0 <= since <= MAX_POSITION:
        raise invalid({"since": ["Not a whole number."]})
    return since


def check_origin() -> None:
    """Refuse a page of another origin than ours and CORS_ORIGINS. Raise ApiError (403)."""
    origin = request.headers.get("Origin")
    allowed = {request.host_url.rstrip("/"), *current_app.config["CORS_ORIGINS"]}
    if origin and origin not in allowed and "*" not in allowed:
        raise ApiError(ErrorCode.FORBIDDEN, "This origin may not open streams.")


def renew(subscription: Subscription, token: Any) -> Message:
    """Put a stream under a new token of the same user; answer in-band.

    Where that fails, the old token stays in force.
    """
    try:
        principal = identify(token)
        if subscription.principal is None or principal.user_id != subscription.principal.user_id:
            raise ApiError(ErrorCode.FORBIDDEN, "This token is another user's.")
    except ApiError as error:
        return refusal(error)
    except SQLAlchemyError:
        return refusal(ApiError(ErrorCode.UNAVAILABLE, "Try again in a moment."))
    subscription.renew(principal)
    return control("authenticated", expires_at=principal.expires_at)


def refusal(error: ApiError) -> Message:
    """Return the error message of a refusal."""
    return control("error", code=error.problem["code"], detail=error.problem["detail"])
