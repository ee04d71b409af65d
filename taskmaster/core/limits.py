"""How often one may ask. In this process's memory, or in Redis for all processes.

Each limit is a setting, RATELIMIT_<name>. Those that guard passwords are counted where all
processes see them. RATELIMIT_FLOOD is counted in each process, so that it costs no request a
round trip. When the storage is away, requests are let through, and that is counted.
"""

import math
import re
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from typing import Any, NamedTuple

import structlog
from flask import Flask, current_app
from limits import RateLimitItem
from limits.errors import StorageError
from limits.storage import storage_from_string
from limits.strategies import MovingWindowRateLimiter
from limits.util import WindowStats

from . import clock
from .client import client_address
from .current import current_request
from .errors import DEFAULTS, ApiError, ErrorCode, rate_limit_headers
from .lines import Lines
from .outages import Outage
from .slots import Slot

log = structlog.get_logger(__name__)

FLOOD = "RATELIMIT_FLOOD"
PROBES = ("/livez", "/readyz")  # a load balancer's address may be everybody's
FAILURES = {ErrorCode.BAD_CREDENTIALS, ErrorCode.WRONG_PASSWORD, ErrorCode.ALREADY_EXISTS}
MAX_LINE = 50  # requests of one caller that wait for one another
MAX_WAIT = 10  # seconds
HOUR = 3600
FEW_KEYS = 1000  # fewer are never cleaned up
AT_ONCE = 2  # guesses and hashes of one address, and for one account
GUESSES, HASHES = Slot[Lines]("guesses"), Slot[Lines]("hashes")
REST = 1  # seconds without asking a storage that failed: a request that waits for it delays others
UNCOUNTED = Slot[Outage]("uncounted", partial(Outage, "rate_limit_failed_open"))

Ask = Callable[..., bool]


class Counter(NamedTuple):
    """What is counted by itself: the setting that limits it, and of whom or what."""

    setting: str
    identifier: str


class FixedWindow:
    """Counts the requests of each address in a fixed window, which is the same for all addresses.

    Moving windows would take 1 KB for each address, and time to clean up when many come. The
    memory of `limits` would start a thread every 10 ms that goes over all of them.
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
        if (beyond := self._counts[address] - self._limit.amount) > 0:
            if beyond == 1:  # a line for each refusal would be a flood of its own
                log.warning("rate_limited", rule=FLOOD, address=address)
            raise _refusal(self._limit, self._ends - now)


class MovingWindows:
    """Moving windows in the memory of one process, with the methods of a strategy of `limits`.

    The memory storage of `limits` keeps every name that was ever counted, and goes over all of
    them each time.
    """

    def __init__(self) -> None:
        self._hits: dict[tuple[Any, ...], deque[float]] = {}
        self._most = FEW_KEYS  # keys; more, and those that have run out are forgotten
        self._lock = threading.Lock()

    def hit(self, limit: RateLimitItem, *of: str) -> bool:
        """Count one; return False where there is no room for it."""
        with self._lock:
            if is_free := len(hits := self._recent(limit, of)) < limit.amount:
                hits.append(clock.now().timestamp())
            return is_free

    def test(self, limit: RateLimitItem, *of: str, cost: int = 1) -> bool:
        """Tell whether there is room for so many."""
        with self._lock:
            return len(self._recent(limit, of)) + cost <= limit.amount

    def get_window_stats(self, limit: RateLimitItem, *of: str) -> WindowStats:
        """Return when there will be room, and for how many there is."""
        with self._lock:
            hits = self._recent(limit, of)
            first = hits[0] if hits else clock.now().timestamp()
            return WindowStats(first + limit.get_expiry(), limit.amount - len(hits))

    def _recent(self, limit: RateLimitItem, of: tuple[str, ...]) -> deque[float]:
        now = clock.now().timestamp()
        if len(self._hits) > self._most:
            self._hits = {
                key: hits
                for key, hits in self._hits.items()
                if hits and hits[-1] > now - key[0].get_expiry()
            }
            self._most = max(FEW_KEYS, 2 * len(self._hits))
        hits = self._hits.setdefault((limit, *of), deque())
        while hits and hits[0] <= now - limit.get_expiry():
            hits.popleft()
        return hits


Limiter = MovingWindows | MovingWindowRateLimiter
LIMITER = Slot[Limiter | None]("rate_limiter", lambda: None)


def init_app(app: Flask) -> None:
    """Count this application's requests, unless RATELIMIT_ENABLED is off."""
    enabled = app.config["RATELIMIT_ENABLED"]
    length, seconds = (MAX_LINE, MAX_WAIT) if enabled else (math.inf, HOUR)
    for lines in (GUESSES, HASHES):
        lines.fill(app, Lines(length, seconds, AT_ONCE))
    if not enabled:
        return
    LIMITER.fill(app, _shared_limiter(app.config["REDIS_URL"]))
    windows = [FixedWindow(limit) for limit in app.config[FLOOD]]

    @app.before_request
    def guard_against_floods() -> None:
        if current_request().path not in PROBES:
            address = client_address()
            for window in windows:
                window.count(address)


def _shared_limiter(redis_url: str | None) -> Limiter:
    if not redis_url:
        return MovingWindows()
    url = re.sub(r"\Aunix:", "redis+unix:", redis_url)
    timeouts = {"socket_timeout": 0.5, "socket_connect_timeout": 0.5}
    return MovingWindowRateLimiter(storage_from_string(url, wrap_exceptions=True, **timeouts))


def count_request(setting: str) -> None:
    """Count a request of this client's address. Raise ApiError (429) when there were too many."""
    if limiter := LIMITER.get():
        counter = Counter(setting, client_address())
        _ask(limiter, limiter.test, counter)  # first, so that no limit counts a refused request
        _ask(limiter, limiter.hit, counter)


@contextmanager
def count_failures(*counters: Counter) -> Iterator[None]:
    """Raise ApiError (429) after too many failures; count one more if the block raises one.

    At most two callers run the block for one counter at once. The second is checked as if the
    first had failed, so simultaneous guesses do not get past the limit of one process. Each other
    process that shares the counters may let two more through. All callers must name the counters
    that they share in the same order, or they would wait for each other.
    """
    limiter = LIMITER.get()
    if limiter is None:
        yield
        return
    with ExitStack() as turns:
        for counter in counters:
            under_way = turns.enter_context(GUESSES.get().turn("".join(counter)))
            _ask(limiter, partial(limiter.test, cost=under_way), counter)
        try:
            yield
        except ApiError as error:
            if error.problem["code"] in FAILURES:
                with suppress(ApiError):  # the answer is the failure
                    _ask(limiter, limiter.hit, *counters)
            raise


@contextmanager
def hashing_turn(*callers: str) -> Iterator[None]:
    """Let at most AT_ONCE hashes of one address, and of one account, run at once. Raise as Lines.

    All registrations count as one account. An operator at a shell gives no callers.
    """
    with ExitStack() as turns:
        for place, caller in enumerate(callers):  # a username may be somebody's address
            turns.enter_context(HASHES.get().turn(f"{place} {caller}"))
        yield


def _ask(limiter: Limiter, ask: Ask, *counters: Counter) -> None:
    """Ask a limiter's `hit` or `test` of each limit. Raise ApiError (429) if one is reached."""
    outage = UNCOUNTED.get()
    if outage.failed_within(REST):
        return
    try:
        refusals = [refusal for counter in counters for refusal in _refusals(limiter, ask, counter)]
    except StorageError as error:
        outage.failed(error.storage_error, rule=counters[-1].setting)
        return
    if ask == limiter.hit:  # a Redis that is full or read-only still answers a test
        outage.succeeded()
    if refusals:
        raise refusals[-1]


def _refusals(limiter: Limiter, ask: Ask, counter: Counter) -> Iterator[ApiError]:
    for limit in current_app.config[counter.setting]:
        if not ask(limit, *counter):
            stats = limiter.get_window_stats(limit, *counter)
            # Where there is room, those under way fill it: that is over soon.
            seconds = 0 if stats.remaining else stats.reset_time - clock.now().timestamp()
            log.warning("rate_limited", rule=counter.setting)
            yield _refusal(limit, seconds)


def _refusal(limit: RateLimitItem, seconds: float) -> ApiError:
    headers = rate_limit_headers(limit.amount, max(1, math.ceil(seconds)))
    return ApiError(*DEFAULTS[429], headers=headers)
