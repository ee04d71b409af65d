"""How often one may ask. In this process's memory, or in Redis for all processes.

The limits that guard passwords are counted where all processes see them. The default is a
guard against floods, counted in each process, so that it costs no request a round trip. When
the storage is away, requests are let through, and that is counted.
"""

import math

import structlog
from flask import Flask, current_app, request
from limits import parse
from limits.errors import StorageError
from limits.storage import MemoryStorage, storage_from_string
from limits.strategies import FixedWindowRateLimiter, RateLimiter

from . import clock
from .errors import ApiError, ErrorCode

log = structlog.get_logger(__name__)

DEFAULT = parse("3000 per minute")
RULES = {
    "login_account": parse("10 per minute"),
    "login_address": parse("60 per minute"),
    "register": parse("30 per hour"),
    "refresh": parse("60 per minute"),
}


def init_app(app: Flask) -> None:
    """Count this application's requests, unless RATELIMIT_ENABLED is off."""
    if not app.config["RATELIMIT_ENABLED"]:
        return
    memory = FixedWindowRateLimiter(MemoryStorage())
    app.extensions["rate_limiter"] = _shared(app.config["REDIS_URL"]) or memory

    @app.before_request
    def guard_against_floods() -> None:
        if not memory.hit(DEFAULT, _address()):
            raise _refusal(memory, "default", _address())


def _shared(redis_url: str | None) -> RateLimiter | None:
    if not redis_url:
        return None
    timeouts = {"socket_timeout": 0.5, "socket_connect_timeout": 0.5}
    storage = storage_from_string(redis_url, wrap_exceptions=True, **timeouts)
    return FixedWindowRateLimiter(storage)


def check(rule: str, identifier: str | None = None) -> None:
    """Count a request against a rule, by default of the client's address.

    Raise ApiError (429) when there were too many.
    """
    limiter: RateLimiter | None = current_app.extensions.get("rate_limiter")
    if limiter is None:
        return
    identifier = identifier or _address()
    try:
        if not limiter.hit(RULES[rule], rule, identifier):
            raise _refusal(limiter, rule, identifier)
    except StorageError as error:
        log.error("rate_limit_failed_open", rule=rule, error=type(error.storage_error).__name__)


def _refusal(limiter: RateLimiter, rule: str, identifier: str) -> ApiError:
    item = RULES.get(rule, DEFAULT)
    keys = (identifier,) if item is DEFAULT else (rule, identifier)
    reset = limiter.get_window_stats(item, *keys).reset_time
    seconds = str(max(1, math.ceil(reset - clock.now().timestamp())))
    log.warning("rate_limited", rule=rule)
    headers = {
        "Retry-After": seconds,
        "RateLimit-Limit": str(item.amount),
        "RateLimit-Remaining": "0",
        "RateLimit-Reset": seconds,
    }
    return ApiError(ErrorCode.RATE_LIMITED, "Too many requests; try again later.", None, headers)


def _address() -> str:
    return request.remote_addr or "unknown"
