"""Limits: refused in the one shape, counted per account and address, open while Redis is away."""

from collections.abc import Callable

import pytest
from flask import Flask

from taskmaster.accounts import auth_views
from taskmaster.core import limits
from tests.support.api import Api, through_client
from tests.support.asserts import assert_problem
from tests.support.redis import RedisServer

WRONG = "not the password"


@pytest.fixture
def limited(make_app: Callable[..., Flask]) -> Api:
    return Api(through_client(make_app(RATELIMIT_ENABLED="true").test_client()))


def test_log_ins_are_limited_by_account(limited: Api) -> None:
    user = limited.register()
    credentials = {"username": user.username, "password": WRONG}
    for _ in range(10):
        assert_problem(limited.post("auth/login/", credentials), 401, "bad_credentials")
    refused = limited.post("auth/login/", credentials)
    assert_problem(refused, 429, "rate_limited")
    assert refused.headers["RateLimit-Limit"] == "10"
    assert refused.headers["RateLimit-Remaining"] == "0"
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert int(refused.headers["RateLimit-Reset"]) == int(refused.headers["Retry-After"])
    other = {"username": "somebody_else", "password": WRONG}
    assert_problem(limited.post("auth/login/", other), 401, "bad_credentials")


def test_log_ins_are_limited_by_address(limited: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auth_views, "LOGIN_ADDRESS", limits.rule("login_address", "3 per minute"))
    for number in range(3):
        body = {"username": f"nobody_{number}", "password": WRONG}
        assert_problem(limited.post("auth/login/", body), 401, "bad_credentials")
    assert_problem(limited.post("auth/login/", body), 429, "rate_limited")


def test_everything_else_has_a_generous_limit(
    limited: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "FLOOD", limits.rule("default", "5 per minute"))
    assert [limited.get("/livez").status for _ in range(6)] == [200] * 5 + [429]


def test_redis_counts_for_all_and_is_not_needed(
    make_app: Callable[..., Flask], redis_server: RedisServer
) -> None:
    one, two = (
        Api(
            through_client(
                make_app(RATELIMIT_ENABLED="true", REDIS_URL=redis_server.url).test_client()
            )
        )
        for _ in range(2)
    )
    user = one.register()
    credentials = {"username": user.username, "password": WRONG}
    for api in [one, two] * 5:
        assert_problem(api.post("auth/login/", credentials), 401, "bad_credentials")
    assert_problem(two.post("auth/login/", credentials), 429, "rate_limited")
    redis_server.kill()
    assert_problem(two.post("auth/login/", credentials), 401, "bad_credentials")
