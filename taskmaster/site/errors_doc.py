"""What each error code means and what to do about it, for the page of errors."""

import json
from typing import NamedTuple

from ..core.document import PROBLEM, error_response
from ..core.errors import ErrorCode

_INVALID = error_response([ErrorCode.VALIDATION_FAILED])
EXAMPLE = json.dumps(_INVALID["content"][PROBLEM]["example"], indent=2)


class Meaning(NamedTuple):
    """Why a request was refused, and what helps."""

    cause: str
    remedy: str


MEANINGS = {
    ErrorCode.MALFORMED_REQUEST: Meaning(
        "The body is no JSON, or the request itself cannot be read.",
        "Send valid JSON in UTF-8. `detail` says what is wrong.",
    ),
    ErrorCode.WRONG_PASSWORD: Meaning(
        "The present password, asked for to change it or to delete the account, is wrong.",
        "Ask the person for it again; `errors` names the field.",
    ),
    ErrorCode.UNTRUSTED_HOST: Meaning(
        "The request names a host that this server does not serve.",
        "Use the server's own name. Whoever runs it adds names to `TRUSTED_HOSTS`.",
    ),
    ErrorCode.WEBSOCKET_ONLY: Meaning(
        "Socket.IO polling was tried where several server processes serve.",
        'Connect with `transports: ["websocket"]`.',
    ),
    ErrorCode.NOT_AUTHENTICATED: Meaning(
        "There is no access token.", "Send `Authorization: Bearer <access token>`."
    ),
    ErrorCode.INVALID_TOKEN: Meaning(
        "The token is none of this server's, or was changed on the way.",
        "Send it exactly as it came, else log in again.",
    ),
    ErrorCode.TOKEN_EXPIRED: Meaning(
        "The token was good once and has run out.", "Refresh the tokens, or log in again."
    ),
    ErrorCode.TOKEN_REVOKED: Meaning(
        "The session of this token is over: a log-out, a new password, the end of the account, or "
        "a refresh token that was used twice. A link to set a password works once only.",
        "Log in again. For a link, ask for a new one.",
    ),
    ErrorCode.WRONG_TOKEN_TYPE: Meaning(
        "A refresh token stands where an access token is needed, or the other way round.",
        "Send `access` with every call, `refresh` to `auth/token/refresh/` only.",
    ),
    ErrorCode.BAD_CREDENTIALS: Meaning(
        "The username or the password is wrong, or the account is deactivated. Which one is not "
        "said.",
        "Ask the person again.",
    ),
    ErrorCode.FORBIDDEN: Meaning(
        "A page of an origin that may not open streams, another user's token on a stream, or a "
        "page for superusers only.",
        "Whoever runs the server adds origins to `CORS_ORIGINS`.",
    ),
    ErrorCode.REGISTRATION_CLOSED: Meaning(
        "This server takes no registrations.", "Ask whoever runs it for an account."
    ),
    ErrorCode.NOT_FOUND: Meaning(
        "It does not exist, was deleted, or is another user's. Also a page after the last one.",
        "List again. A task of your own that was deleted can be restored.",
    ),
    ErrorCode.METHOD_NOT_ALLOWED: Meaning(
        "This URL does not serve this method.", "Take one of those in the header `Allow`."
    ),
    ErrorCode.ALREADY_EXISTS: Meaning(
        "The username or e-mail is taken (`errors` names it), or the task to restore was not "
        "deleted.",
        "Choose another one. Nothing is to be restored.",
    ),
    ErrorCode.POSITION_EXPIRED: Meaning(
        "The events after this position are kept no more, or it is ahead of the log.",
        "List the tasks again and go on from the `Stream-Position` of the list.",
    ),
    ErrorCode.PRECONDITION_FAILED: Meaning(
        "The task has changed since the version in `If-Match`.",
        "Get it again, look at what changed, and send the new `ETag`.",
    ),
    ErrorCode.TOO_LARGE: Meaning("The body is larger than 1 MiB.", "Send less, in several calls."),
    ErrorCode.UNSUPPORTED_MEDIA_TYPE: Meaning(
        "The body does not say that it is JSON.", "Send `Content-Type: application/json`."
    ),
    ErrorCode.VALIDATION_FAILED: Meaning(
        "A field or a parameter is missing, unknown or not valid.",
        "`errors` maps each one at fault to messages: show them beside the field.",
    ),
    ErrorCode.IDEMPOTENCY_MISMATCH: Meaning(
        "This `Idempotency-Key` was used with another body in the last 24 hours.",
        "Take a new key for each new request.",
    ),
    ErrorCode.QUOTA_EXCEEDED: Meaning(
        "The user has as many tasks, or as many bytes of replies kept for `Idempotency-Key`s, as "
        "one may have; `detail` gives the number.",
        "Delete some tasks first; or wait until older keys are a day old, or send no key.",
    ),
    ErrorCode.UPGRADE_REQUIRED: Meaning(
        "A plain GET was sent to the WebSocket.",
        "Open it as a WebSocket, or follow over server-sent events.",
    ),
    ErrorCode.RATE_LIMITED: Meaning(
        "Too many wrong passwords, registrations, refreshes or requests; or too many changes of "
        "one user at once.",
        "Wait for the seconds in `Retry-After`, then send the same again.",
    ),
    ErrorCode.TOO_MANY_CONNECTIONS: Meaning(
        "One user has more than 50 streams on one server process.",
        "Close those that are not shown any more.",
    ),
    ErrorCode.INTERNAL_ERROR: Meaning(
        "A fault of the server.",
        "Report it with the `request_id`. A change may have been made: look, or repeat it with the "
        "same `Idempotency-Key`.",
    ),
    ErrorCode.UNAVAILABLE: Meaning(
        "The database is away, or more waits for it than may wait.",
        "Wait for the seconds in `Retry-After`, then send the same again.",
    ),
}
