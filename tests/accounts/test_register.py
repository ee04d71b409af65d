"""POST auth/register/: who gets an account, and what is told to whom does not."""

from datetime import datetime
from typing import Any

import pytest

from taskmaster.accounts import service
from tests.support.api import Api, User, succeed
from tests.support.asserts import assert_no_events, assert_problem
from tests.support.databases import Database
from tests.support.tables import contents, nothing_changes

ADA = {"username": "ada_l", "email": "ada@example.org", "password": "correct horse"}
USER_FIELDS = {
    "id", "first_name", "last_name", "username", "email", "last_updated", "last_login",
    "is_superuser",
}  # fmt: skip


def test_reply_is_the_user_with_tokens(api: Api) -> None:
    body = succeed(api.post("auth/register/", ADA | {"first_name": "Ada"}), 201)
    assert body.keys() == USER_FIELDS | {"tokens"}
    assert body["tokens"].keys() == {"access", "refresh"}
    expected = {"first_name": "Ada", "last_name": None, "username": "ada_l",
                "email": "ada@example.org", "is_superuser": False}  # fmt: skip
    assert body.items() >= expected.items()
    assert succeed(User(api.transport, body).get("auth/profile/")).items() <= body.items()


def test_registration_is_a_log_in(api: Api) -> None:
    before = datetime.fromisoformat(api.register().account["last_updated"])
    user = api.register()
    assert datetime.fromisoformat(user.account["last_login"]) >= before
    profile = succeed(user.get("auth/profile/"))
    assert profile["last_login"] == user.account["last_login"]


def test_password_is_stored_as_argon2id_hash(api: Api, database: Database) -> None:
    api.register(password="correct horse")
    (row,) = contents(database)["users"]
    assert any(str(value).startswith("$argon2id$") for value in row)
    assert "correct horse" not in repr(contents(database))


def test_names_are_trimmed_and_lowered_but_passwords_are_not(api: Api) -> None:
    padded = {"username": "  Ada_L ", "email": "\tAda@Example.ORG ", "first_name": " Ada "}
    body = succeed(api.post("auth/register/", ADA | padded | {"password": " padded "}), 201)
    assert (body["username"], body["email"]) == ("ada_l", "ada@example.org")
    assert body["first_name"] == "Ada"
    assert_problem(
        api.post("auth/login/", {"username": "ada_l", "password": "padded"}),
        401,
        "bad_credentials",
    )
    assert api.login("ada_l", " padded ")


def test_any_unicode_comes_back_as_sent(api: Api) -> None:
    for name in ("Zoë", "Ωmega", "李", "👩‍👩‍👧", "\u202eevil", "O'Brien; DROP TABLE users", "<b>"):
        assert api.register(first_name=name).account["first_name"] == name


READ_ONLY = {"id": "x", "last_updated": 1, "last_login": "y", "is_superuser": True, "tokens": {}}


def test_read_only_fields_are_ignored(api: Api) -> None:
    body = succeed(api.post("auth/register/", ADA | READ_ONLY), 201)
    assert body["is_superuser"] is False
    assert body["id"] != "x"
    assert body["tokens"]["access"]


AT_THE_LIMIT: list[dict[str, Any]] = [
    {"username": "abcd"},
    {"username": "a" * 150},
    {"username": "A_9_z"},
    {"password": "123 56"},
    {"password": "🔑" * 128},
    {"password": "x" * 128},
    {"password": "correct horse"},
    {"first_name": "x" * 255, "last_name": None},
    {"email": "a+b.c@sub.example.co.uk"},
]


def test_what_is_just_allowed(api: Api, subtests: pytest.Subtests) -> None:
    for number, fields in enumerate(AT_THE_LIMIT):
        own = {"username": f"ada_{number}", "email": f"ada_{number}@example.org"}
        with subtests.test(repr(fields)):
            succeed(api.post("auth/register/", ADA | own | fields), 201)


REFUSED: list[tuple[str, Any]] = [
    *(("username", bad) for bad in [
        "abc", "a" * 151, "with space", "käthe", "semi;colon", "a@b.example", "", "ad\u0000da",
        "ada\n_l", "\u212aelvin", None, 5, [], {},
    ]),
    *(("email", bad) for bad in [
        "nobody", "@example.org", "a@", "a b@example.org", f"{'a' * 250}@example.org",
        "a\u0000@example.org", "", None, 1, '"\u001b[31m\\\t"@example.org',
    ]),
    *(("password", bad) for bad in ["12345", "x" * 129, "", None, 123456, "pass\u0000word"]),
    *(("password", own) for own in ["ada_l1", "ADA_L1", "ada@example.org", "Ada@Example.org"]),
    *(("first_name", bad) for bad in ["x" * 256, 1, [], "a\u0000b", "\ud800"]),
    ("last_name", "x" * 256),
    ("first-name", "typo"),
    ("password_hash", "$argon2id$"),
]  # fmt: skip


def test_refused_fields_are_named_and_leave_nothing(api: Api, database: Database) -> None:
    ada = ADA | {"username": "ada_l1"}
    with nothing_changes(database):
        for field, bad in REFUSED:
            problem = assert_problem(
                api.post("auth/register/", ada | {field: bad}), 422, "validation_failed"
            )
            assert problem["errors"].keys() == {field}, bad


COMMON = [
    "123456", "Password", "qwerty", "iloveyou", "trustno1", "P@ssw0rd", "password123",  # leaked
    "michael", "Jennifer", "battery", "correct",  # names and words
    "0987654321", "abcdefgh", "lkjhgfdsa", "ASDFGH",  # sequences
    "111111", "121212", "123123123", "abcabc",  # repetitions
]  # fmt: skip


def test_common_passwords_are_refused(api: Api, database: Database) -> None:
    with nothing_changes(database):
        for common in COMMON:
            reply = api.post("auth/register/", ADA | {"password": common})
            problem = assert_problem(reply, 422, "validation_failed")
            assert problem["errors"] == {"password": ["This password is too common."]}, common


def test_required_fields_are_named(api: Api, database: Database) -> None:
    with nothing_changes(database):
        for missing in ADA:
            body = {name: value for name, value in ADA.items() if name != missing}
            problem = assert_problem(api.post("auth/register/", body), 422, "validation_failed")
            assert problem["errors"].keys() == {missing}


TAKEN: list[tuple[dict[str, str], set[str]]] = [
    ({"username": "ada_l"}, {"username"}),
    ({"username": "ADA_L"}, {"username"}),
    ({"email": "ada@example.org"}, {"email"}),
    ({"email": "ADA@EXAMPLE.ORG"}, {"email"}),
    ({"username": " ada_l ", "email": "Ada@example.org"}, {"username", "email"}),
]


def test_duplicates_are_named(api: Api, database: Database, subtests: pytest.Subtests) -> None:
    api.register(**ADA)
    other = {"username": "other", "email": "other@example.org", "password": "correct horse"}
    with nothing_changes(database):
        for fields, taken in TAKEN:
            with subtests.test(repr(fields)):
                reply = api.post("auth/register/", other | fields)
                problem = assert_problem(reply, 409, "already_exists")
                assert problem["errors"].keys() == taken


def test_a_duplicate_of_what_was_freed_meanwhile_names_fields_too(
    api: Api, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = api.register(**ADA)
    look = service._taken

    def free_then_look(*looked_for: Any) -> bool:
        succeed(other.patch("auth/profile/", {"username": "another"}))
        return look(*looked_for)

    monkeypatch.setattr(service, "_taken", free_then_look)
    again = ADA | {"email": "other@example.org"}
    problem = assert_problem(api.post("auth/register/", again), 409, "already_exists")
    assert problem["errors"].keys() == {"username", "email"}
    succeed(api.post("auth/register/", again), 201)
    assert_no_events(database)
