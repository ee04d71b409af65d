"""Limits: refused in the one shape, by address, in a moving window, open while Redis is away."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import redis
import structlog
import time_machine
from flask import Flask
from limits import parse
from structlog.testing import capture_logs

from taskmaster.core import clock, limits, outages
from taskmaster.core.client import counted
from taskmaster.core.errors import ApiError
from tests.support.api import Api, through_client
from tests.support.asserts import assert_problem
from tests.support.redis import RedisServer

Make = Callable[..., Flask]
WRONG = "not the password"


def calls(app: Flask) -> Api:
    return Api(through_client(app.test_client()))


def test_refusal_says_when_to_come_back(make_app: Make) -> None:
    api = calls(make_app(RATELIMIT_ENABLED="true", RATELIMIT_REFRESH="2 per minute"))
    for _ in range(2):
        assert_problem(api.post("auth/token/refresh/", {"refresh": "x"}), 401, "invalid_token")
    refused = api.post("auth/token/refresh/", {"refresh": "x"})
    assert_problem(refused, 429, "rate_limited")
    assert refused.headers["RateLimit-Limit"] == "2"
    assert refused.headers["RateLimit-Remaining"] == "0"
    assert 58 <= int(refused.headers["Retry-After"]) <= 60
    assert refused.headers["RateLimit-Reset"] == refused.headers["Retry-After"]


def test_the_longer_of_two_windows_counts_too(make_app: Make) -> None:
    api = calls(make_app(RATELIMIT_ENABLED="true", RATELIMIT_REFRESH="5/minute; 2/day"))
    replies = [api.post("auth/token/refresh/", {"refresh": "x"}) for _ in range(3)]
    assert_problem(replies[2], 429, "rate_limited")
    assert replies[2].headers["RateLimit-Limit"] == "2"
    assert int(replies[2].headers["Retry-After"]) > 24 * 3600 - 10


def test_everything_else_has_a_generous_limit(make_app: Make) -> None:
    api = calls(make_app(RATELIMIT_ENABLED="true", RATELIMIT_FLOOD="5 per minute"))
    replies = [api.get("auth/profile/").status for _ in range(6)]
    assert replies == [401] * 5 + [429]
    for path in ("/livez", "/readyz"):  # who watches is never shut out
        assert api.get(path).status == 200
    assert_problem(api.get("/metrics"), 429, "rate_limited")


def test_a_flood_is_told_once_in_its_window_and_whose_it_is(
    make_app: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr(clock, "monotonic", lambda: now)
    monkeypatch.setattr(limits, "log", structlog.get_logger())  # others have bound the first one
    api = calls(make_app(RATELIMIT_ENABLED="true", RATELIMIT_FLOOD="2 per minute"))
    with capture_logs() as lines:
        assert [api.get("auth/profile/").status for _ in range(5)] == [401, 401, 429, 429, 429]
        now += 61
        assert [api.get("auth/profile/").status for _ in range(4)] == [401, 401, 429, 429]
    told = [line for line in lines if line["event"] == "rate_limited"]
    assert [(line["rule"], line["address"]) for line in told] == [
        ("RATELIMIT_FLOOD", "127.0.0.1")
    ] * 2


def test_flood_ends_with_its_window(make_app: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(clock, "monotonic", lambda: now)
    settings = {"RATELIMIT_ENABLED": "true", "RATELIMIT_FLOOD": "2 per minute; 3 per hour"}
    client = make_app(**settings).test_client()

    def ask(address: str) -> tuple[int, int]:
        answer = client.get("/api/v1/auth/profile/", environ_base={"REMOTE_ADDR": address})
        return answer.status_code, int(answer.headers.get("Retry-After", 0))

    assert [ask("192.0.2.7") for _ in range(3)] == [(401, 0), (401, 0), (429, 60)]
    assert ask("192.0.2.8") == (401, 0)  # another's flood
    now += 59.5
    assert ask("192.0.2.7") == (429, 1)
    now += 0.5
    assert [ask("192.0.2.7") for _ in range(2)] == [(401, 0), (429, 3540)]  # the longer one
    now += 3540
    assert ask("192.0.2.7") == (401, 0)


def test_what_one_limit_refuses_no_other_counts(make_app: Make) -> None:
    app = make_app(RATELIMIT_ENABLED="true", RATELIMIT_REFRESH="2/minute; 3/day")
    api = calls(app)
    with time_machine.travel(1_800_000_000, tick=False) as traveller:
        for status in (401, 401, 429, 429):
            assert api.post("auth/token/refresh/", {"refresh": "x"}).status == status
        traveller.shift(61)
        assert api.post("auth/token/refresh/", {"refresh": "x"}).status == 401


def test_names_that_are_not_counted_any_more_are_forgotten() -> None:
    windows, limit = limits.MovingWindows(), parse("10/minute")
    with time_machine.travel(1_800_000_000, tick=False) as traveller:
        for number in range(limits.FEW_KEYS):
            assert windows.hit(limit, "login", str(number))
        traveller.shift(30)
        assert windows.hit(limit, "login", "later")
        traveller.shift(31)
        assert windows.test(limit, "login", "last")
        assert len(windows._hits) == 2
        assert windows.get_window_stats(limit, "login", "later").remaining == 9


def test_a_redis_on_a_socket_is_understood(make_app: Make, tmp_path: Path) -> None:
    settings = {"RATELIMIT_ENABLED": "true", "REDIS_URL": f"unix://{tmp_path}/redis.sock?db=1"}
    api = calls(make_app(**settings))
    assert_problem(
        api.post("auth/login/", {"username": "x", "password": "y"}), 401, "bad_credentials"
    )


def test_redis_counts_for_all_and_is_not_needed(make_app: Make, redis_server: RedisServer) -> None:
    settings = {"RATELIMIT_ENABLED": "true", "REDIS_URL": redis_server.url}
    one, two = (calls(make_app(**settings)) for _ in range(2))
    user = one.register()
    credentials = {"username": user.username, "password": WRONG}
    for api in [one, two] * 5:
        assert_problem(api.post("auth/login/", credentials), 401, "bad_credentials")
    assert_problem(two.post("auth/login/", credentials), 429, "rate_limited")
    redis_server.kill()
    assert_problem(two.post("auth/login/", credentials), 401, "bad_credentials")


def test_it_is_not_over_while_redis_is_full(
    make_app: Make, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such a Redis answers what only reads."""
    monkeypatch.setattr(outages, "PAUSE", 0)  # seconds until it is believed
    monkeypatch.setattr(limits, "REST", 0)
    app = make_app(RATELIMIT_ENABLED="true", REDIS_URL=redis_server.url)
    api = calls(app)

    def fail() -> int:
        """Return how often Redis has not counted a failure, since it last did."""
        credentials = {"username": "nobody", "password": WRONG}
        assert_problem(api.post("auth/login/", credentials), 401, "bad_credentials")
        return limits.UNCOUNTED.get(app)._times

    with redis.Redis.from_url(redis_server.url) as client:
        assert fail() == 0
        client.config_set("maxmemory", 1)
        assert [fail() for _ in range(3)] == [1, 2, 3]
        client.config_set("maxmemory", 0)
        assert fail() == 0


def test_nobody_waits_for_a_redis_that_has_just_failed(
    make_app: Make, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "REST", 1000)
    app = make_app(RATELIMIT_ENABLED="true", REDIS_URL=redis_server.url)
    api = calls(app)
    redis_server.kill()
    for _ in range(3):
        credentials = {"username": "nobody", "password": WRONG}
        assert_problem(api.post("auth/login/", credentials), 401, "bad_credentials")
    assert limits.UNCOUNTED.get(app)._times == 1


def test_a_guess_under_way_is_waited_for_no_longer_than_it_takes(make_app: Make) -> None:
    app = make_app(RATELIMIT_ENABLED="true", RATELIMIT_LOGIN="1 per hour")
    counter = limits.Counter("RATELIMIT_LOGIN", "ada")
    with (
        app.test_request_context(),
        limits.count_failures(counter),
        pytest.raises(ApiError) as refused,
        limits.count_failures(counter),
    ):
        pytest.fail("let in")
    assert refused.value.headers["Retry-After"] == "1"


@pytest.mark.parametrize(
    ("address", "counts_as"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("192.0.2.7:51234", "192.0.2.7"),
        ("[2001:db8:1:2::3]:443", "2001:db8:1:2::/64"),
        ("[2001:db8:1:2::3]", "2001:db8:1:2::/64"),
        ("unknown", "unknown"),
    ],
)
def test_addresses_as_they_count(address: str, counts_as: str) -> None:
    assert counted(address) == counts_as


def test_an_address_has_a_share_of_the_hashing_threads(make_app: Make) -> None:
    app = make_app(RATELIMIT_ENABLED="true")
    third, other = threading.Event(), threading.Event()

    def hash_for(address: str, reached: threading.Event) -> threading.Thread:
        def run() -> None:
            with app.app_context(), limits.hashing_turn(address):
                reached.set()

        thread = threading.Thread(target=run)
        thread.start()
        return thread

    with app.app_context(), limits.hashing_turn("busy"), limits.hashing_turn("busy"):
        waiting = hash_for("busy", third)
        hash_for("quiet", other).join(30)
        assert (third.is_set(), other.is_set()) == (False, True)
    waiting.join(30)
    assert third.is_set()
