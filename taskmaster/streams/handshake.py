"""What the three transports ask of a client before it may follow: origin, token, position."""

from typing import Any

import orjson
from flask import current_app, request
from marshmallow import ValidationError, validate

from ..core.auth import Principal, authenticate
from ..core.errors import DEFAULTS, ApiError, ErrorCode, invalid
from ..core.http import is_origin_trusted
from ..core.schemas import INT64, WholeParameter
from ..core.slots import Slot
from .hub import Hub
from .protocol import Message, control, refusal
from .subscription import Subscription

RENEWAL = 20  # frames that a renewal counts as: five at once, then one a second
HUB = Slot[Hub]("hub")
SINCE = WholeParameter(
    validate=validate.Range(0, 2**63 - 1),
    metadata=INT64 | {"description": "The last `seq` seen; replay starts after it."},
)


def identify(token: Any) -> Principal:
    """Return who a token stands for, with or without `Bearer`. Raise ApiError (401)."""
    text = token if isinstance(token, str) else ""
    scheme, _, rest = text.partition(" ")
    return authenticate(rest.strip() if scheme.lower() == "bearer" else text)


def position(since: Any, otherwise: int | None = None) -> int | None:
    """Return a position as a whole number, `otherwise` for none. Raise ApiError (422)."""
    try:  # a number in JSON, or text in an address or a header
        text = str(since) if type(since) is int else since
        return otherwise if since is None else SINCE.deserialize(text)
    except ValidationError:
        raise invalid({"since": ["Not a whole number."]}) from None


def check_origin() -> None:
    """Refuse a page of another origin than ours and CORS_ORIGINS. Raise ApiError (403)."""
    if (origin := request.headers.get("Origin")) and not is_origin_trusted(origin):
        raise ApiError(ErrorCode.FORBIDDEN, "This origin may not open streams.")


def renew(subscription: Subscription, token: Any) -> Message:
    """Put a stream under a new token of its user, or leave it under the old; answer in-band."""
    try:
        if not subscription.renewals.consume(RENEWAL):
            subscription.renewals.consume(-RENEWAL)  # what is refused costs nothing
            raise ApiError(*DEFAULTS[429])
        principal = identify(token)
        if principal.user_id != subscription.principal.user_id:
            raise ApiError(ErrorCode.FORBIDDEN, "This token is another user's.")
    except Exception as error:
        return refusal(problem_of(error))
    subscription.principal = principal
    subscription.wake()
    return control("authenticated", expires_at=principal.expires_at)


def problem_of(error: Exception) -> dict[str, Any]:
    """Return the problem details with which the application answers an error."""
    answer = current_app.make_response(current_app.handle_user_exception(error))
    return orjson.loads(answer.data)  # type: ignore[no-any-return]
