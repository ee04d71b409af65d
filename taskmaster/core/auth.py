"""Who is asking: the bearer token of a request, checked against its session.

The accounts package gives this module the check of a token (`init_app`); the others only ask.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, NamedTuple, TypeVar, cast

from flask import Flask

from .blueprint import Blueprint
from .current import RequestConnection, current_globals, current_request
from .errors import DEFAULTS, ApiError
from .slots import Slot

View = TypeVar("View", bound=Callable[..., Any])


class Principal(NamedTuple):
    """The user behind a token. `expires_at` is in seconds since the epoch.

    `head` is where the user's log stood when the token was checked (`events.log.Head`): one
    statement reads both. Without `login_required` it is None.
    """

    user_id: str
    session_id: str
    expires_at: int
    head: Any = None


Identify = Callable[[str], Principal]
IDENTIFY = Slot[Identify]("identify")


def init_app(app: Flask, identify: Identify) -> None:
    """Teach this application to know a token: `identify` raises ApiError for a bad one."""
    IDENTIFY.fill(app, identify)


def login_required(view: View) -> View:
    """Refuse the request without a good access token; document that it is needed."""

    @Blueprint.doc(security=[{"bearer": []}])
    @wraps(view)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        with RequestConnection():
            current_globals().principal = authenticate(bearer_token())
            return view(*args, **kwargs)

    return cast(View, wrapper)


def authenticate(token: str) -> Principal:
    """Return who a token stands for. Raise ApiError (401) for none and for one that is not good."""
    if not token:
        raise not_authenticated()
    return IDENTIFY.get()(token)


def current() -> Principal:
    """Return who is asking, in a view behind `login_required`."""
    return cast(Principal, current_globals().principal)


def bearer_token() -> str:
    """Return the token of `Authorization: Bearer` (RFC 6750, section 2.1); empty for none."""
    header = current_request().environ.get("HTTP_AUTHORIZATION", "")
    scheme, _, token = header.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def not_authenticated() -> ApiError:
    """Return the refusal of a request without a token."""
    return ApiError(*DEFAULTS[401])
