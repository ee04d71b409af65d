"""Tokens and time: lifetimes, verification, rotation, its leeway, and theft."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import Connection

from taskmaster.accounts import sessions
from taskmaster.core.database import writing
from tests.support.api import Api, User, succeed
from tests.support.asserts import assert_problem
from tests.support.databases import Database
from tests.support.tables import contents, nothing_changes
from tests.support.values import START

REFRESH, VERIFY = "auth/token/refresh/", "auth/token/verify/"


@pytest.fixture
def ada(clock: time_machine.Traveller, api: Api) -> User:
    """Somebody registered at START."""
    return api.register()


def renew(user: User, refresh: str | None = None) -> dict[str, str]:
    tokens: dict[str, str] = succeed(user.post(REFRESH, {"refresh": refresh or user.refresh}))
    return tokens


def test_refresh_gives_two_new_tokens(ada: User, clock: time_machine.Traveller) -> None:
    clock.shift(60)
    tokens = renew(ada)
    assert tokens.keys() == {"access", "refresh"}
    assert not {ada.access, ada.refresh} & set(tokens.values())
    for token in (*tokens.values(), ada.access):  # older access tokens stay good
        assert succeed(ada.post(VERIFY, {"token": token})) == {"message": "Token is valid"}
    assert succeed(User(ada.transport, ada.account | {"tokens": tokens}).get("auth/profile/"))


def test_replaced_token_is_no_longer_valid(ada: User) -> None:
    renew(ada)
    assert_problem(ada.post(VERIFY, {"token": ada.refresh}), 401, "token_revoked")


@pytest.mark.parametrize("seconds", [0, 1, 9.9, 10])
def test_same_successor_within_the_leeway(
    ada: User, clock: time_machine.Traveller, database: Database, seconds: float
) -> None:
    first = renew(ada)
    clock.shift(seconds)
    with nothing_changes(database):
        assert renew(ada) == first
    assert renew(ada, first["refresh"]) != first


@pytest.mark.parametrize("seconds", [11, -11])
def test_waiting_long_for_the_writer_is_no_theft(
    ada: User, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    @contextmanager
    def writing_late() -> Iterator[Connection]:
        clock.shift(seconds)
        with writing() as connection:
            yield connection

    monkeypatch.setattr(sessions, "writing", writing_late)
    assert renew(ada)["refresh"] != ada.refresh


@pytest.mark.parametrize("seconds", [10.1, 11, 3600])
def test_theft_after_the_leeway_ends_the_session(
    ada: User, clock: time_machine.Traveller, database: Database, seconds: float
) -> None:
    tokens = renew(ada)
    clock.shift(seconds)
    assert_problem(ada.post(REFRESH, {"refresh": ada.refresh}), 401, "token_revoked")
    assert contents(database)["sessions"] == []
    assert_problem(ada.get("auth/profile/"), 401, "token_revoked")
    assert_problem(ada.post(REFRESH, {"refresh": tokens["refresh"]}), 401, "token_revoked")


def test_a_clock_that_is_behind_hides_no_theft(
    ada: User, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    renew(ada)
    monkeypatch.setattr("taskmaster.core.clock.now", lambda: START - timedelta(minutes=5))
    assert_problem(ada.post(REFRESH, {"refresh": ada.refresh}), 401, "token_revoked")
    assert contents(database)["sessions"] == []


def test_token_two_generations_old_is_theft_even_at_once(ada: User, database: Database) -> None:
    renew(ada, renew(ada)["refresh"])
    assert_problem(ada.post(REFRESH, {"refresh": ada.refresh}), 401, "token_revoked")
    assert contents(database)["sessions"] == []


def test_theft_ends_no_other_session(api: Api, ada: User) -> None:
    other = api.login(ada.username)
    renew(ada, renew(ada)["refresh"])
    assert_problem(ada.post(REFRESH, {"refresh": ada.refresh}), 401, "token_revoked")
    assert_problem(ada.get("auth/profile/"), 401, "token_revoked")
    succeed(other.get("auth/profile/"))


def test_access_tokens_live_seven_days(ada: User, clock: time_machine.Traveller) -> None:
    clock.move_to(START + timedelta(days=7, seconds=-1))
    succeed(ada.get("auth/profile/"))
    clock.move_to(START + timedelta(days=7))
    assert_problem(ada.get("auth/profile/"), 401, "token_expired")
    assert_problem(ada.post(VERIFY, {"token": ada.access}), 401, "token_expired")


def test_refresh_tokens_live_fourteen_days(ada: User, clock: time_machine.Traveller) -> None:
    clock.move_to(START + timedelta(days=14, seconds=-1))
    tokens = renew(ada)
    clock.move_to(START + timedelta(days=28, seconds=-1))
    assert_problem(ada.post(REFRESH, {"refresh": tokens["refresh"]}), 401, "token_expired")


def test_types_are_not_interchangeable(ada: User, database: Database) -> None:
    with nothing_changes(database):
        assert_problem(ada.post(REFRESH, {"refresh": ada.access}), 401, "wrong_token_type")
        ada.access = ada.refresh
        assert_problem(ada.get("auth/profile/"), 401, "wrong_token_type")


@pytest.mark.parametrize(("path", "field"), [(REFRESH, "refresh"), (VERIFY, "token")])
def test_bodies_that_hold_no_token(ada: User, database: Database, path: str, field: str) -> None:
    with nothing_changes(database):
        for bad in (None, 1, [], {}, True, "\u0000"):
            problem = assert_problem(ada.post(path, {field: bad}), 422, "validation_failed")
            assert problem["errors"].keys() == {field}
        for bad in ("", "x", "a.b.c", "é" * 1000):
            assert_problem(ada.post(path, {field: bad}), 401, "invalid_token")
        assert_problem(ada.post(path, {}), 422, "validation_failed")
