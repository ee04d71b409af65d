"""How often one may ask. In this process's memory, or in Redis for all processes.

Each limit is a setting, RATELIMIT_<name>. Those that guard passwords are counted where all
processes see them. RATELIMIT_FLOOD is counted in each process, so that it costs no request a
round trip. When the storage is away, requests are let through, and that is counted.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import NamedTuple

import structlog
from flask import Flask, current_app, request
from limits import RateLimitItem
from limits.errors import StorageError
from limits.storage import MemoryStorage, storage_from_string
from limits.strategies import MovingWindowRateLimiter, RateLimiter

from . import clock
from .client import client_address
from .errors import DEFAULTS, ApiError, ErrorCode, rate_limit_headers
from .http import HEALTH
from .lines import Lines
from .outages import Outage
from .slots import Slot

log = structlog.get_logger(__name__)

FLOOD = "RATELIMIT_FLOOD"
FAILURES = {ErrorCode.BAD_CREDENTIALS, ErrorCode.WRONG_PASSWORD, ErrorCode.ALREADY_EXISTS}
MAX_LINE = 50  # requests of one caller that wait for one another
MAX_WAIT = 10  # seconds
HOUR = 3600
HASHES_AT_ONCE = 2  # of one address, and for one account
GUESSES, HASHES = Slot[Lines]("guesses"), Slot[Lines]("hashes")
LIMITER = Slot[RateLimiter | None]("rate_limiter", lambda: None)
UNCOUNTED = Outage("rate_limit_failed_open")

Ask = Callable[..., bool]


class Counter(NamedTuple):
    """What is counted by itself: the setting that limits it, and of whom or what."""

    setting: str
    identifier: str


class Window:
    """Counts the requests of each address in a fixed window, which is the same for all addresses.

    The memory of `limits` would start a thread every 10 ms that goes over all of them.
    """

    def __init__(self, limit: RateLimitItem) -> None:
        self._limit, self._ends = limit, 0.0
        self._counts = defaultdict[str, int](int)

    def count(self, address: str) -> None:
        """Raise ApiError (429) beyond the limit."""
        now = clock.monotonic()
        if now >= self._ends:
            self._counts, self._ends = defaultdict(int), now + self._limit.get_expiry()
        self._counts[address] += 1
        if self._counts[address] > self._limit.amount:
            raise _refusal(FLOOD, self._limit, self._ends - now)


def init_app(app: Flask) -> None:
    """Count this application's requests, unless RATELIMIT_ENABLED is off."""
    enabled = app.config["RATELIMIT_ENABLED"]
    length, seconds = (MAX_LINE, MAX_WAIT) if enabled else (math.inf, HOUR)
    GUESSES.fill(app, Lines(length, seconds))
    HASHES.fill(app, Lines(length, seconds, HASHES_AT_ONCE))
    if not enabled:
        return
    LIMITER.fill(app, _shared_limiter(app.config["REDIS_URL"]))
    windows = [Window(limit) for limit in app.config[FLOOD]]

    @app.before_request
    def guard_against_floods() -> None:
        if request.path not in HEALTH:
            address = client_address()
            for window in windows:
                window.count(address)


def _shared_limiter(redis_url: str | None) -> RateLimiter:
    if not redis_url:
        return MovingWindowRateLimiter(MemoryStorage())
    timeouts = {"socket_timeout": 0.5, "socket_connect_timeout": 0.5}
    return MovingWindowRateLimiter(storage_from_string(redis_url, wrap_exceptions=True, **timeouts))


def check(setting: str) -> None:
    """Count a request of this client's address. Raise ApiError (429) when there were too many."""
    if limiter := LIMITER.get():
        _ask(limiter, limiter.hit, Counter(setting, client_address()))


@contextmanager
def count_failures(*counters: Counter) -> Iterator[None]:
    """Raise ApiError (429) after too many failures; count one more if the block raises one.

    Those of the first counter have the block one after the other, so that no number of guesses
    at the same moment gets past the limit.
    """
    limiter = LIMITER.get()
    if limiter is None or not counters:
        yield
        return
    with GUESSES.get().turn("".join(counters[0])):
        _ask(limiter, limiter.test, *counters)
        try:
            yield
        except ApiError as error:
            if error.problem["code"] in FAILURES:
                with suppress(ApiError):  # the answer is the failure
                    _ask(limiter, limiter.hit, *counters)
            raise


@contextmanager
def hashing_turn(*callers: str) -> Iterator[None]:
    """Give an address, and an account, their share of the threads that hash.

    Without callers it is an operator at a shell.
    """
    with ExitStack() as turns:
        for caller in callers:
            turns.enter_context(HASHES.get().turn(caller))
        yield


def _ask(limiter: RateLimiter, ask: Ask, *counters: Counter) -> None:
    """Ask a limiter's `hit` or `test` of each limit. Raise ApiError (429) if one is reached."""
    refusal = None
    try:
        for counter in counters:
            for limit in current_app.config[counter.setting]:
                if not ask(limit, *counter):
                    reset = limiter.get_window_stats(limit, *counter).reset_time
                    seconds = reset - clock.now().timestamp()
                    refusal = _refusal(counter.setting, limit, seconds)
    except StorageError as error:
        name = type(error.storage_error).__name__
        UNCOUNTED.failed(rule=counter.setting, error=name)
    else:
        UNCOUNTED.succeeded()
    if refusal:
        raise refusal


def _refusal(setting: str, limit: RateLimitItem, seconds: float) -> ApiError:
    log.warning("rate_limited", rule=setting)
    headers = rate_limit_headers(limit.amount, max(1, math.ceil(seconds)))
    return ApiError(*DEFAULTS[429], headers=headers)
