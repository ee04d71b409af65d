"""Who is asking: the bearer token of a request, checked against its session.

The accounts package gives this module the check of a token (`init_app`); the others only ask.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, NamedTuple, TypeVar, cast

from flask import Flask, current_app, g, request

from .errors import DEFAULTS, ApiError

View = TypeVar("View", bound=Callable[..., Any])
SECURITY: dict[str, Any] = {"security": [{"bearer": []}]}


class Principal(NamedTuple):
    """The user behind a token. `expires_at` is in seconds since the epoch."""

    user_id: str
    session_id: str
    expires_at: int


Identify = Callable[[str], Principal]


def init_app(app: Flask, identify: Identify) -> None:
    """Teach this application to know a token: `identify` raises ApiError for a bad one."""
    app.extensions["identify"] = identify


def login_required(view: View) -> View:
    """Refuse the request without a good access token; document that it is needed."""

    @wraps(view)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        g.principal = authenticate(bearer_token())
        return view(*args, **kwargs)

    wrapper._apidoc = {**getattr(view, "_apidoc", {})}  # type: ignore[attr-defined]
    wrapper._apidoc["manual_doc"] = {  # type: ignore[attr-defined]
        **wrapper._apidoc.get("manual_doc", {}),  # type: ignore[attr-defined]
        **SECURITY,
    }
    return cast(View, wrapper)


def authenticate(token: str) -> Principal:
    """Return who a token stands for. Raise ApiError (401) for one that is not good."""
    return cast(Identify, current_app.extensions["identify"])(token)


def current() -> Principal:
    """Return who is asking, in a view behind `login_required`."""
    return cast(Principal, g.principal)


def bearer_token() -> str:
    """Return the token of `Authorization: Bearer` (RFC 6750, section 2.1)."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise not_authenticated()
    return token.strip()


def not_authenticated() -> ApiError:
    """Return the refusal of a request without a token."""
    return ApiError(*DEFAULTS[401])
