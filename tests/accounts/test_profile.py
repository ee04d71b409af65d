"""GET and PATCH auth/profile/: one's own account."""

from typing import Any

import pytest

from taskmaster.accounts.schemas import UserSchema
from tests.support.api import Api, User, succeed
from tests.support.asserts import assert_problem
from tests.support.databases import Database
from tests.support.tables import nothing_changes

PROFILE = "auth/profile/"


def test_profile_is_what_registration_told(user: User) -> None:
    profile = succeed(user.get(PROFILE))
    assert profile == user.account
    assert profile.keys() == UserSchema().fields.keys()
    assert profile["last_updated"].endswith("+00:00")


@pytest.mark.parametrize(
    ("fields", "stored"),
    [
        ({"first_name": " Ada "}, {"first_name": "Ada"}),
        ({"first_name": None, "last_name": "李"}, {"first_name": None, "last_name": "李"}),
        ({"username": "New_Name"}, {"username": "new_name"}),
        ({"email": " New@Example.org"}, {"email": "new@example.org"}),
    ],
)
def test_sent_fields_change_and_no_others(
    user: User, fields: dict[str, Any], stored: dict[str, Any]
) -> None:
    changed = succeed(user.patch(PROFILE, fields))
    assert changed == user.account | stored | {"last_updated": changed["last_updated"]}
    assert changed["last_updated"] > user.account["last_updated"]
    assert succeed(user.get(PROFILE)) == changed


def test_change_of_nothing_changes_nothing(user: User, database: Database) -> None:
    as_registered = user.account | {"tokens": {"access": user.access}}
    capitals = {"email": user.account["email"].upper()}
    with nothing_changes(database):
        for body in ({}, user.account, as_registered, capitals):
            assert succeed(user.patch(PROFILE, body)) == user.account, body


def test_nobody_makes_themselves_a_superuser(user: User, database: Database) -> None:
    with nothing_changes(database):
        reply = user.patch(PROFILE, {"is_superuser": True, "id": "0", "last_login": None})
    assert succeed(reply)["is_superuser"] is False


REFUSED: list[tuple[str, Any]] = [
    ("username", "abc"),
    ("username", None),
    ("email", "nobody"),
    ("email", None),
    ("first_name", "x" * 256),
    ("last_name", 7),
    ("last_name", "\ud83d"),
    ("password", "another one"),
    ("nickname", "typo"),
]


def test_refused_fields_are_named(user: User, database: Database) -> None:
    with nothing_changes(database):
        for field, bad in REFUSED:
            reply = user.patch(PROFILE, {"first_name": "Fine", field: bad})
            problem = assert_problem(reply, 422, "validation_failed")
            assert problem["errors"].keys() == {field}, bad


@pytest.mark.parametrize("field", ["username", "email"])
def test_taken_names_are_named(api: Api, user: User, database: Database, field: str) -> None:
    other = api.register()
    with nothing_changes(database):
        reply = user.patch(PROFILE, {field: other.account[field].upper(), "last_name": "New"})
        problem = assert_problem(reply, 409, "already_exists")
    assert problem["errors"].keys() == {field}


def test_users_live_apart(api: Api, user: User) -> None:
    other = api.register()
    succeed(user.patch(PROFILE, {"first_name": "Mine"}))
    assert succeed(other.get(PROFILE)) == other.account
