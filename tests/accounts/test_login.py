"""POST auth/login/ and auth/logout/: how a session is opened and given up."""

from concurrent.futures import ThreadPoolExecutor
from itertools import product
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask

from taskmaster.accounts import passwords
from tests.support.api import PASSWORD, Api, User, succeed, through_client
from tests.support.asserts import assert_problem
from tests.support.databases import Database
from tests.support.tables import contents, nothing_changes


def test_either_name_in_either_field(api: Api, user: User, subtests: pytest.Subtests) -> None:
    names, forms = ("username", "email"), (str, str.upper, "  {} ".format)
    for field, known_by, written in product(names, names, forms):
        body = {field: written(user.account[known_by]), "password": PASSWORD}
        with subtests.test(repr(body)):
            reply = succeed(api.post("auth/login/", body))
            assert reply["id"] == user.id
            assert succeed(User(api.transport, reply).get("auth/profile/"))["id"] == user.id


def test_last_login_is_set_and_last_updated_is_not(api: Api, user: User) -> None:
    again = api.login(user.username)
    assert again.account["last_login"] > user.account["last_login"]
    assert again.account["last_updated"] == user.account["last_updated"]


def test_wrong_password_and_unknown_user_look_the_same(
    api: Api, user: User, database: Database
) -> None:
    with nothing_changes(database):
        wrong = api.post("auth/login/", {"username": user.username, "password": "wrong one"})
        unknown = api.post("auth/login/", {"username": "nobody_here", "password": "wrong one"})
    problems = [assert_problem(reply, 401, "bad_credentials") for reply in (wrong, unknown)]
    for problem in problems:
        del problem["request_id"]
    assert problems[0] == problems[1]
    assert set(wrong.headers.keys()) == set(unknown.headers.keys())


REFUSED: list[dict[str, Any]] = [
    {},
    {"username": "ada_l"},
    {"password": PASSWORD},
    {"username": None, "password": PASSWORD},
    {"username": "ada_l", "password": None},
    {"username": ["ada_l"], "password": PASSWORD},
    {"username": {"$ne": ""}, "password": {"$ne": ""}},
    {"username": "ada\u0000l", "password": PASSWORD},
    {"username": "ada_l", "password": "x" * 129},
    {"username": "x" * 256, "password": PASSWORD},
    {"username": "ada_l", "email": "ada@example.org", "password": PASSWORD},
    {"username": "ada_l", "password": PASSWORD, "remember": True},
]


def test_unreadable_credentials(api: Api, database: Database, subtests: pytest.Subtests) -> None:
    with nothing_changes(database):
        for body in REFUSED:
            with subtests.test(repr(body)):
                problem = assert_problem(api.post("auth/login/", body), 422, "validation_failed")
                assert problem["errors"]


def test_each_login_is_a_session_of_its_own(api: Api, user: User) -> None:
    again = api.login(user.username)
    succeed(user.post("auth/logout/"))
    assert_problem(user.get("auth/profile/"), 401, "token_revoked")
    succeed(again.get("auth/profile/"))


def test_log_out_ends_every_token_of_the_session(user: User, database: Database) -> None:
    newer = succeed(user.post("auth/token/refresh/", {"refresh": user.refresh}))
    assert succeed(user.post("auth/logout/")) == {"message": "Logged out"}
    for path, field, tokens in [
        ("auth/token/refresh/", "refresh", [user.refresh, newer["refresh"]]),
        ("auth/token/verify/", "token", [user.access, newer["access"], newer["refresh"]]),
    ]:
        for token in tokens:
            assert_problem(user.post(path, {field: token}), 401, "token_revoked")
    with nothing_changes(database):
        assert_problem(user.post("auth/logout/"), 401, "token_revoked")
    assert contents(database)["sessions"] == []


def test_weaker_hash_is_renewed_at_log_in(
    user: User, database: Database, monkeypatch: pytest.MonkeyPatch, real_hasher: PasswordHasher
) -> None:
    assert "$m=8,t=1" in repr(contents(database)["users"])
    monkeypatch.setattr(passwords, "hasher", real_hasher)
    for _ in range(2):
        user.login(user.username)
        assert "$argon2id$v=19$m=19456,t=2,p=1$" in repr(contents(database)["users"])


def test_two_at_once_whose_hash_is_old_both_get_in(
    app: Flask, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first renews the hash that the second has been checked against."""
    credentials = {"username": user.username, "password": PASSWORD}
    other = Api(through_client(app.test_client()))
    hash_password, old = passwords.hash_password, passwords.hasher
    monkeypatch.setattr(passwords, "hasher", PasswordHasher(time_cost=old.time_cost + 1))

    def hash_late(*args: str) -> str:
        monkeypatch.setattr(passwords, "hash_password", hash_password)
        with ThreadPoolExecutor(1) as others:
            succeed(others.submit(other.post, "auth/login/", credentials).result())
        return hash_password(*args)

    monkeypatch.setattr(passwords, "hash_password", hash_late)
    succeed(Api(through_client(app.test_client())).post("auth/login/", credentials))
