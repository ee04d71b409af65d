"""How often one may ask. In this process's memory, or in Redis for all processes.

The limits that guard passwords are counted where all processes see them. The default is a
guard against floods, counted in each process, so that it costs no request a round trip. When
the storage is away, requests are let through, and that is counted.
"""

import math
from typing import NamedTuple

import structlog
from flask import Flask, current_app, request
from limits import RateLimitItem, parse
from limits.errors import StorageError
from limits.storage import MemoryStorage, storage_from_string
from limits.strategies import FixedWindowRateLimiter, RateLimiter

from . import clock
from .errors import ApiError, ErrorCode

log = structlog.get_logger(__name__)


class Rule(NamedTuple):
    """How often something may be asked: a name for the log and the counter, and the limit."""

    name: str
    limit: RateLimitItem


def rule(name: str, limit: str) -> Rule:
    """Return a rule, its limit as `limits` writes it: `10 per minute`."""
    return Rule(name, parse(limit))


FLOOD = rule("default", "3000 per minute")


def init_app(app: Flask) -> None:
    """Count this application's requests, unless RATELIMIT_ENABLED is off."""
    if not app.config["RATELIMIT_ENABLED"]:
        return
    memory = FixedWindowRateLimiter(MemoryStorage())
    app.extensions["rate_limiter"] = _shared(app.config["REDIS_URL"]) or memory

    @app.before_request
    def guard_against_floods() -> None:
        _count(memory, FLOOD, _address())


def _shared(redis_url: str | None) -> RateLimiter | None:
    if not redis_url:
        return None
    timeouts = {"socket_timeout": 0.5, "socket_connect_timeout": 0.5}
    storage = storage_from_string(redis_url, wrap_exceptions=True, **timeouts)
    return FixedWindowRateLimiter(storage)


def check(rule: Rule, identifier: str | None = None) -> None:
    """Count a request against a rule, by default of the client's address.

    Raise ApiError (429) when there were too many.
    """
    limiter: RateLimiter | None = current_app.extensions.get("rate_limiter")
    if limiter is None:
        return
    try:
        _count(limiter, rule, identifier or _address())
    except StorageError as error:
        name = type(error.storage_error).__name__
        log.error("rate_limit_failed_open", rule=rule.name, error=name)


def _count(limiter: RateLimiter, rule: Rule, identifier: str) -> None:
    if not limiter.hit(rule.limit, rule.name, identifier):
        raise _refusal(limiter, rule, identifier)


def _refusal(limiter: RateLimiter, rule: Rule, identifier: str) -> ApiError:
    reset = limiter.get_window_stats(rule.limit, rule.name, identifier).reset_time
    seconds = str(max(1, math.ceil(reset - clock.now().timestamp())))
    log.warning("rate_limited", rule=rule.name)
    headers = {
        "Retry-After": seconds,
        "RateLimit-Limit": str(rule.limit.amount),
        "RateLimit-Remaining": "0",
        "RateLimit-Reset": seconds,
    }
    return ApiError(ErrorCode.RATE_LIMITED, "Too many requests; try again later.", None, headers)


def _address() -> str:
    return request.remote_addr or "unknown"
