"""One shape for every refusal: problem details (RFC 9457) with a stable code.

A code never changes meaning. Raise `ApiError` for a refusal; everything else that goes
wrong between request and response is brought into the same shape here.
"""

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from http import HTTPStatus
from itertools import chain, islice
from typing import Any

import orjson
import structlog
from flask import Flask, Response, g, has_request_context
from sqlalchemy import exc
from werkzeug.exceptions import HTTPException

from .outages import Outage, is_damage

log = structlog.get_logger(__name__)

OUTAGE = Outage("database_unavailable")

RETRY_SECONDS = 5  # after an outage of ours, where nothing else is said
RATE_LIMIT_HEADERS = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")
# SQLSTATEs of PostgreSQL that operators can help with: it lacks a table or a column of this
# version, or our role lacks a right.
OUTAGE_STATES = ("42P01", "42703", "42501")
MAX_ERRORS = 20  # messages in one refusal
MAX_NAME = 100  # characters of a client's field name that are sent back
UNKNOWN = ["Unknown field."]  # marshmallow's words
FieldErrors = Mapping[str, list[str]]


class ErrorCode(StrEnum):
    """What a client may branch on.

    Each has one status, except `malformed_request`: a request head that cannot be read is refused
    with other statuses too, such as 431.
    """

    status: HTTPStatus

    def __new__(cls, value: str, status: int) -> "ErrorCode":
        code = str.__new__(cls, value)
        code._value_ = value
        code.status = HTTPStatus(status)
        return code

    MALFORMED_REQUEST = "malformed_request", 400
    WRONG_PASSWORD = "wrong_password", 400
    UNTRUSTED_HOST = "untrusted_host", 400
    WEBSOCKET_ONLY = "websocket_only", 400
    NOT_AUTHENTICATED = "not_authenticated", 401
    INVALID_TOKEN = "invalid_token", 401
    TOKEN_EXPIRED = "token_expired", 401
    TOKEN_REVOKED = "token_revoked", 401
    WRONG_TOKEN_TYPE = "wrong_token_type", 401
    BAD_CREDENTIALS = "bad_credentials", 401
    FORBIDDEN = "forbidden", 403
    REGISTRATION_CLOSED = "registration_closed", 403
    NOT_FOUND = "not_found", 404
    METHOD_NOT_ALLOWED = "method_not_allowed", 405
    ALREADY_EXISTS = "already_exists", 409
    POSITION_EXPIRED = "position_expired", 410
    PRECONDITION_FAILED = "precondition_failed", 412
    TOO_LARGE = "too_large", 413
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type", 415
    VALIDATION_FAILED = "validation_failed", 422
    IDEMPOTENCY_MISMATCH = "idempotency_mismatch", 422
    QUOTA_EXCEEDED = "quota_exceeded", 422
    UPGRADE_REQUIRED = "upgrade_required", 426
    RATE_LIMITED = "rate_limited", 429
    TOO_MANY_CONNECTIONS = "too_many_connections", 429
    INTERNAL_ERROR = "internal_error", 500
    UNAVAILABLE = "unavailable", 503


# What Flask, Werkzeug, webargs and `abort()` raise, by status. The codes of 410 and 426 are too
# narrow to stand for whatever has that status.
DEFAULTS = {
    400: (ErrorCode.MALFORMED_REQUEST, "The request cannot be read."),
    401: (ErrorCode.NOT_AUTHENTICATED, "An access token is needed."),
    403: (ErrorCode.FORBIDDEN, "This is not allowed."),
    404: (ErrorCode.NOT_FOUND, "There is nothing here."),
    405: (ErrorCode.METHOD_NOT_ALLOWED, "This method is not allowed here."),
    409: (ErrorCode.ALREADY_EXISTS, "This exists already."),
    412: (ErrorCode.PRECONDITION_FAILED, "This is not the version that the request asks for."),
    413: (ErrorCode.TOO_LARGE, "The request body is larger than 1 MiB."),
    415: (ErrorCode.UNSUPPORTED_MEDIA_TYPE, "The body must be application/json."),
    422: (ErrorCode.VALIDATION_FAILED, "Some fields are not valid."),
    429: (ErrorCode.RATE_LIMITED, "Too many requests; try again later."),
    500: (ErrorCode.INTERNAL_ERROR, "Something went wrong on our side."),
    503: (ErrorCode.UNAVAILABLE, "The service is not available right now."),
}
# Python 3.13 renamed these two as RFC 9110 did; replies do not depend on Python's version.
TITLES = {413: "Content Too Large", 422: "Unprocessable Content"}


class ApiError(HTTPException):
    """A refusal with its code; `errors` maps fields at fault to messages."""

    def __init__(
        self,
        code: ErrorCode,
        detail: str,
        errors: FieldErrors | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(description=detail)
        self.code = code.status
        self.problem = problem(code, detail, errors)
        self.headers = dict(headers or {})


def rate_limit_headers(limit: int, seconds: int) -> dict[str, str]:
    """Return what a refusal for too much says: the limit, and in how many seconds to come back."""
    values = (str(limit), "0", str(seconds))
    return {"Retry-After": str(seconds), **dict(zip(RATE_LIMIT_HEADERS, values, strict=True))}


def not_found(detail: str = "There is nothing here.") -> ApiError:
    """Return the refusal for what does not exist, or not for this user."""
    return ApiError(ErrorCode.NOT_FOUND, detail)


def account_gone() -> ApiError:
    """Return the refusal of a token whose account was deleted or deactivated."""
    return ApiError(ErrorCode.TOKEN_REVOKED, "The account of this token is gone.")


def invalid(errors: FieldErrors) -> ApiError:
    """Return the refusal that names the fields at fault."""
    return ApiError(ErrorCode.VALIDATION_FAILED, "Some fields are not valid.", errors)


def problem(code: ErrorCode, detail: str, errors: FieldErrors | None = None) -> dict[str, Any]:
    """Return the body of a refusal, as a plain mapping."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": TITLES.get(code.status, code.status.phrase),
        "status": code.status.value,
        "code": code.value,
        "detail": detail,
    }
    if errors:
        body["errors"] = errors
    if has_request_context():
        body["request_id"] = g.get("request_id", "")
    return body


def init_app(app: Flask) -> None:
    """Answer with problem details whatever goes wrong inside this application."""
    app.register_error_handler(HTTPException, handle_http_exception)
    app.register_error_handler(exc.OperationalError, _handle_outage)
    app.register_error_handler(exc.InterfaceError, _handle_outage)
    app.register_error_handler(exc.InternalError, _handle_outage)  # a transaction that was ended
    app.register_error_handler(exc.TimeoutError, _handle_outage)
    app.register_error_handler(exc.DatabaseError, _handle_refusal)
    app.register_error_handler(Exception, _handle_fault)


def handle_http_exception(error: HTTPException) -> Response:
    """Bring a refusal into the one shape, keeping its own headers (Allow, Retry-After)."""
    if isinstance(error, ApiError):
        return _respond(error.problem, error.headers)
    if error.code is None or error.code < 400:
        return error.get_response()  # type: ignore[return-value]  # a redirect
    code, detail = DEFAULTS.get(error.code, DEFAULTS[400 if error.code < 500 else 500])
    data = getattr(error, "data", None) or {}  # webargs leaves what it found here
    headers = {name: value for name, value in error.get_headers() if name != "Content-Type"}
    return _respond(problem(code, detail, flatten(data.get("messages", {}))), headers)


def _respond(body: Mapping[str, Any], headers: Mapping[str, str]) -> Response:
    response = Response(
        orjson.dumps(body), body["status"], headers, mimetype="application/problem+json"
    )
    if body["status"] == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    if body["status"] == 503:
        response.headers.setdefault("Retry-After", str(RETRY_SECONDS))
    return response


def flatten(messages: Mapping[str, Any]) -> dict[str, list[str]]:
    """Map "operations.3.task.title" to its messages, out of webargs' nested ones.

    The outermost level, webargs' name of the location (json, query), is left out. After
    MAX_ERRORS messages, one says that there are more.
    """
    found: dict[str, list[str]] = {}
    every = chain.from_iterable(_walk(located) for located in messages.values())
    for path, reason in islice(every, MAX_ERRORS):
        found.setdefault(path, []).append(reason)
    if next(every, None):
        found.setdefault("body", []).append(f"There are more than these {MAX_ERRORS} errors.")
    return found


def _walk(node: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    if isinstance(node, Mapping):
        for name, below in node.items():
            # A client's own field may have this name, too.
            of_whole = name == "_schema" and below != UNKNOWN
            yield from _walk(below, path if of_whole else (*path, _printable(name)))
    else:
        for reason in node if isinstance(node, list) else [node]:
            yield ".".join(path) or "body", str(reason)


def _printable(name: Any) -> str:
    """Return a client's field name as it may be sent back: valid UTF-8, of bounded length."""
    return re.sub(r"[\ud800-\udfff\0]", "\ufffd", str(name)[:MAX_NAME])


def _handle_outage(error: exc.SQLAlchemyError) -> Response:
    OUTAGE.failed(error)
    return _respond(problem(*DEFAULTS[503]), {})


def _handle_refusal(error: exc.DatabaseError) -> Response:
    """Answer for what operators can help with as for a database that is away."""
    is_known = getattr(error.orig, "sqlstate", None) in OUTAGE_STATES
    is_outage = is_known or error.connection_invalidated or is_damage(error)
    return _handle_outage(error) if is_outage else _handle_fault(error)


def _handle_fault(error: Exception) -> Response:
    log.exception("unhandled_error", error=type(error).__name__)
    return _respond(problem(*DEFAULTS[500]), {})
