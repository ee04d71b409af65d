"""Guesses at passwords, and at who is known: counted together, wherever they are made."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import Any

import pytest
import time_machine
from argon2 import PasswordHasher
from flask import Flask

from taskmaster.accounts import administration, passwords, service
from taskmaster.core.limits import GUESSES, HASHES
from tests.support.api import PASSWORD, Api, Reply, User, succeed, through_client
from tests.support.asserts import assert_no_events, assert_problem
from tests.support.databases import Database
from tests.support.racing import twin
from tests.support.tables import contents, nothing_changes
from tests.support.waiting import wait_until

WRONG = "not the password"
ELSEWHERE = {"environ_overrides": {"REMOTE_ADDR": "192.0.2.1"}}
CHANGE = {"new_password_1": "staple battery", "new_password_2": "staple battery"}


@pytest.fixture
def settings() -> dict[str, str]:
    """Changes for one test."""
    return {}


@pytest.fixture
def app(make_app: Callable[..., Flask], settings: dict[str, str]) -> Flask:
    """The application of this module, which counts."""
    return make_app(RATELIMIT_ENABLED="true", **settings)


def log_in(api: Api, name: str, password: str = WRONG, **options: Any) -> Reply:
    return api.post("auth/login/", {"username": name, "password": password}, **options)


def guess(user: User, place: str, password: str = WRONG, **options: Any) -> Reply:
    if place in ("username", "email"):
        return log_in(user, user.account[place].upper(), password, **options)
    path, body = {
        "change": ("auth/profile/password/", {"old_password": password, **CHANGE}),
        "deletion": ("auth/profile/delete/", {"password": password}),
    }[place]
    return user.post(path, body, **options)


PLACES = ["username", "email", "change", "deletion"]


@pytest.mark.parametrize("place", PLACES)
def test_every_place_counts_for_every_other(user: User, database: Database, place: str) -> None:
    with nothing_changes(database):
        for number in range(10):
            assert guess(user, PLACES[number % 4]).status in (400, 401)
        refused = guess(user, place, PASSWORD)
        assert_problem(refused, 429, "rate_limited")
        assert refused.headers["RateLimit-Limit"] == "10"
    assert_no_events(database)


def test_guesses_of_others_shut_nobody_out(user: User, api: Api) -> None:
    for _ in range(11):
        refused = guess(user, "username", **ELSEWHERE)
    assert_problem(refused, 429, "rate_limited")
    succeed(guess(user, "username", PASSWORD))
    assert_problem(log_in(api, "somebody_else", **ELSEWHERE), 401, "bad_credentials")


def test_right_passwords_are_not_counted(user: User) -> None:
    for _ in range(15):
        succeed(guess(user, "username", PASSWORD))


def test_unknown_names_have_the_same_limit(api: Api, user: User, database: Database) -> None:
    def last_two(name: str) -> list[dict[str, Any]]:
        replies = [log_in(api, name) for _ in range(11)][-2:]
        problems = [
            assert_problem(replies[0], 401, "bad_credentials"),
            assert_problem(replies[1], 429, "rate_limited"),
        ]
        return [{**problem, "request_id": None} for problem in problems]

    with nothing_changes(database):
        assert last_two("nobody_here") == last_two(user.username)
        assert_problem(log_in(api, " NOBODY_here"), 429, "rate_limited")


@pytest.mark.parametrize("settings", [{"RATELIMIT_LOGIN_ADDRESS": "3 per minute"}])
def test_one_address_tries_few_accounts(api: Api, user: User) -> None:
    for number in range(3):
        assert_problem(log_in(api, f"nobody_{number}"), 401, "bad_credentials")
    assert_problem(log_in(api, user.username, PASSWORD), 429, "rate_limited")
    succeed(log_in(api, user.username, PASSWORD, **ELSEWHERE))


def test_ipv6_counts_by_network(api: Api) -> None:
    def seen(address: str) -> int:
        return log_in(api, "nobody", environ_overrides={"REMOTE_ADDR": address}).status

    assert [seen(f"2001:db8::{number}") for number in range(11)] == [401] * 10 + [429]
    assert seen("2001:db8:0:1::1") == 401


def test_the_window_moves(api: Api) -> None:
    with time_machine.travel(1_800_000_050, tick=False) as clock:
        for _ in range(10):
            assert log_in(api, "nobody").status == 401
            clock.shift(1)
        assert log_in(api, "nobody").headers["Retry-After"] == "50"
        clock.shift(49)
        assert log_in(api, "nobody").status == 429
        clock.shift(1.1)
        assert [log_in(api, "nobody").status for _ in range(2)] == [401, 429]


def at_once(app: Flask, names: list[str], password: str = WRONG) -> list[int]:
    """Log in with all of these names at the same moment; return the statuses, sorted."""

    def one(name: str) -> int:
        return log_in(Api(through_client(app.test_client())), name, password).status

    with ThreadPoolExecutor(len(names)) as pool:
        return sorted(pool.map(one, names))


def test_guesses_at_the_same_moment_are_as_few(app: Flask, user: User) -> None:
    assert at_once(app, [user.username] * 50) == [401] * 10 + [429] * 40


@pytest.mark.parametrize("settings", [{"RATELIMIT_LOGIN_ADDRESS": "5 per minute"}])
def test_guesses_at_many_accounts_at_the_same_moment_are_as_few(
    app: Flask, monkeypatch: pytest.MonkeyPatch, real_hasher: PasswordHasher
) -> None:
    monkeypatch.setattr(passwords, "hasher", real_hasher)  # slow: all come while two are checked
    names = [f"nobody_{number}" for number in range(40)]
    assert at_once(app, names) == [401] * 5 + [429] * 35


@pytest.mark.parametrize("settings", [{"RATELIMIT_LOGIN_ADDRESS": "3 per minute"}])
def test_an_office_logs_in_at_the_same_moment(app: Flask, api: Api) -> None:
    colleagues = [api.register().username for _ in range(5)]
    assert at_once(app, colleagues * 8, PASSWORD) == [200] * 40


@pytest.mark.parametrize("settings", [{"RATELIMIT_PROFILE": "3 per hour"}])
def test_profile_tells_few_taken_names(
    app: Flask, api: Api, user: User, database: Database
) -> None:
    known = api.register()

    def probe(field: str = "email") -> int:
        prober = twin(user, Api(through_client(app.test_client())))
        return prober.patch("auth/profile/", {field: known.account[field]}).status

    with nothing_changes(database):
        assert probe("username") == 409
        with ThreadPoolExecutor(10) as pool:
            assert sorted(pool.map(lambda _: probe(), range(10))) == [409] * 2 + [429] * 8
        refused = user.patch("auth/profile/", {"email": "free@example.com"})
        assert_problem(refused, 429, "rate_limited")
    assert_no_events(database)
    succeed(user.patch("auth/profile/", {"first_name": "Ada", "email": user.account["email"]}))
    succeed(user.patch("auth/profile/", {"email": "free@example.com"}, **ELSEWHERE))


@pytest.mark.parametrize("settings", [{"RATELIMIT_REGISTER": "3 per hour"}])
def test_registration_counts_what_could_tell_something(
    api: Api, user: User, database: Database
) -> None:
    body = {**user.account, "password": PASSWORD}
    with nothing_changes(database):
        for _ in range(5):
            reply = api.post("auth/register/", body | {"password": "short"})
            assert_problem(reply, 422, "validation_failed")
        for _ in range(2):
            assert_problem(api.post("auth/register/", body), 409, "already_exists")
        free = body | {"username": "free", "email": "free@example.com"}
        assert_problem(api.post("auth/register/", free), 429, "rate_limited")
    assert_no_events(database)


def test_nobody_is_called_like_the_line_of_registrations(app: Flask, api: Api) -> None:
    def turn() -> AbstractContextManager[int]:
        return HASHES.get(app).turn(f"1 {service.REGISTRATIONS}")

    with turn(), turn():
        refused = log_in(api, service.REGISTRATIONS)
    assert_problem(refused, 401, "bad_credentials")


def deactivate(app: Flask, user: User) -> None:
    with app.app_context():
        administration.deactivate(administration.find(user.username), by="test")


def test_the_right_password_of_a_deactivated_account_is_a_wrong_one(
    app: Flask, user: User, database: Database
) -> None:
    deactivate(app, user)
    with nothing_changes(database):
        assert [guess(user, "email", PASSWORD).status for _ in range(11)] == [401] * 10 + [429]


def test_a_log_in_under_way_is_not_let_in_after_a_deactivation(
    app: Flask, user: User, database: Database
) -> None:
    lines, line = GUESSES.get(app), f"RATELIMIT_LOGIN{user.id} 127.0.0.1"
    with ThreadPoolExecutor() as pool:
        with lines.turn(line), lines.turn(line):
            under_way = pool.submit(guess, user, "username", PASSWORD)
            wait_until(
                lambda: len(lines._lines.get(line, ())) == 3,
                what="a log-in that has read the account",
            )
            deactivate(app, user)
        assert_problem(under_way.result(30), 401, "bad_credentials")
    assert contents(database)["sessions"] == []
