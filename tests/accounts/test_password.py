"""POST auth/profile/password/: changing it ends all other sessions."""

from typing import Any

from tests.support.api import PASSWORD, Api, User, succeed
from tests.support.asserts import assert_problem
from tests.support.databases import Database
from tests.support.tables import nothing_changes

PATH = "auth/profile/password/"


def change(old: str = PASSWORD, new: Any = "staple battery", again: Any = None) -> dict[str, Any]:
    return {
        "old_password": old,
        "new_password_1": new,
        "new_password_2": new if again is None else again,
    }


def test_new_password_holds_and_the_old_is_gone(api: Api, user: User) -> None:
    assert succeed(user.post(PATH, change())) == {"detail": "password updated successfully"}
    assert api.login(user.username, "staple battery")
    old = {"username": user.username, "password": PASSWORD}
    assert_problem(api.post("auth/login/", old), 401, "bad_credentials")


def test_this_session_stays_and_the_others_end(api: Api, user: User) -> None:
    other, stranger = api.login(user.username), api.register()
    succeed(user.post(PATH, change()))
    succeed(user.get("auth/profile/"))
    succeed(user.post("auth/token/refresh/", {"refresh": user.refresh}))
    succeed(stranger.get("auth/profile/"))
    assert_problem(other.get("auth/profile/"), 401, "token_revoked")
    reply = other.post("auth/token/refresh/", {"refresh": other.refresh})
    assert_problem(reply, 401, "token_revoked")


def test_wrong_old_password(api: Api, user: User, database: Database) -> None:
    other = api.login(user.username)
    with nothing_changes(database):
        problem = assert_problem(user.post(PATH, change("wrong one")), 400, "wrong_password")
    assert problem["errors"].keys() == {"old_password"}
    succeed(other.get("auth/profile/"))


def test_white_space_of_a_password_counts(api: Api, user: User) -> None:
    succeed(user.post(PATH, change(new="  staple  ")))
    assert api.login(user.username, "  staple  ")


def test_refused_passwords(user: User, database: Database) -> None:
    refused: list[tuple[str, dict[str, Any]]] = [
        ("new_password_1", change(new="short")),
        ("new_password_1", change(new="x" * 129)),
        ("new_password_1", change(new="nul\u0000nul")),
        ("new_password_1", change(new=user.username)),
        ("new_password_1", change(new=user.username.upper())),
        ("new_password_1", change(new=user.account["email"])),
        ("new_password_1", change(new="123456")),
        ("new_password_1", change(new="Dragon")),
        ("new_password_2", change(again="something else")),
        ("old_password", change() | {"old_password": None}),
        ("new_password", change() | {"new_password": "typo"}),
    ]
    with nothing_changes(database):
        for field, body in refused:
            problem = assert_problem(user.post(PATH, body), 422, "validation_failed")
            assert field in problem["errors"], body


def test_each_field_is_needed(user: User, database: Database) -> None:
    with nothing_changes(database):
        for missing in change():
            body = {name: value for name, value in change().items() if name != missing}
            problem = assert_problem(user.post(PATH, body), 422, "validation_failed")
            assert missing in problem["errors"], missing
