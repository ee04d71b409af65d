"""GET and DELETE auth/sessions/: where one is logged in, and ending that."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from flask import Flask

from taskmaster.accounts import sessions
from tests.support.api import Api, User, succeed, through_client
from tests.support.asserts import assert_problem
from tests.support.databases import Database
from tests.support.tables import contents, nothing_changes
from tests.support.values import UNKNOWN

PATH = "auth/sessions/"


def listed(user: User) -> list[dict[str, Any]]:
    sessions: list[dict[str, Any]] = succeed(user.get(PATH))["results"]
    return sessions


def test_sessions_are_listed_newest_first(api: Api, user: User) -> None:
    again = api.login(user.username)
    api.register()
    newest, oldest = listed(again)
    assert newest.keys() == {
        "id", "created_at", "last_used_at", "expires_at", "user_agent", "current",
    }  # fmt: skip
    assert (newest["current"], oldest["current"]) == (True, False)
    assert [session["current"] for session in listed(user)] == [False, True]
    created, expires = (datetime.fromisoformat(newest[k]) for k in ("created_at", "expires_at"))
    assert expires - created == timedelta(days=14)
    assert "Werkzeug" in newest["user_agent"]


def test_user_agent_is_bounded_text(api: Api, user: User) -> None:
    body = {"username": user.username, "password": "correct horse battery"}
    for agent in ("x" * 5000, "é\u202e", "<script>"):
        headers = {"User-Agent": agent.encode().decode("latin-1")}
        again = User(api.transport, succeed(api.post("auth/login/", body, headers=headers)))
        assert 0 < len(listed(again)[0]["user_agent"]) <= 255


def test_refresh_shows_as_last_use(user: User) -> None:
    (before,) = listed(user)
    succeed(user.post("auth/token/refresh/", {"refresh": user.refresh}))
    (after,) = listed(user)
    assert after["last_used_at"] > before["last_used_at"]
    assert after["expires_at"] > before["expires_at"]
    assert {n: after[n] for n in ("id", "created_at")} == {
        n: before[n] for n in ("id", "created_at")
    }


def test_reading_writes_nothing(user: User, database: Database) -> None:
    with nothing_changes(database):
        listed(user)
        succeed(user.get("auth/profile/"))
        succeed(user.get("tasks/"))


def test_one_session_is_ended(api: Api, user: User) -> None:
    again = api.login(user.username)
    (other,) = (session for session in listed(again) if not session["current"])
    assert succeed(again.delete(f"{PATH}{other['id']}/"))["message"]
    assert_problem(user.get(PATH), 401, "token_revoked")
    assert [session["current"] for session in listed(again)] == [True]


def test_ones_own_session_can_be_ended(user: User) -> None:
    (own,) = listed(user)
    succeed(user.delete(f"{PATH}{own['id']}/"))
    assert_problem(user.get(PATH), 401, "token_revoked")


def test_all_but_this_one_are_ended(api: Api, user: User) -> None:
    others = [api.login(user.username) for _ in range(3)]
    stranger = api.register()
    assert succeed(user.delete(PATH))["message"]
    assert len(listed(user)) == 1
    assert len(listed(stranger)) == 1
    for other in others:
        assert_problem(other.get(PATH), 401, "token_revoked")


def test_another_users_session_does_not_exist(api: Api, user: User, database: Database) -> None:
    (theirs,) = listed(api.register())
    with nothing_changes(database):
        for session_id in (theirs["id"], UNKNOWN, "1", "x" * 300):
            assert_problem(user.delete(f"{PATH}{session_id}/"), 404, "not_found")


def test_deleted_account_leaves_nothing_behind(api: Api, user: User, database: Database) -> None:
    again = api.login(user.username)
    stays = api.register()
    for owner in (user, stays):
        owner.create_task("Some words", description="More words")
        owner.post("tasks/", {"title": "Once"}, headers={"Idempotency-Key": "k"})
    with nothing_changes(database):
        reply = user.post("auth/profile/delete/", {"password": "wrong one"})
        assert assert_problem(reply, 400, "wrong_password")["errors"].keys() == {"password"}
        assert_problem(user.post("auth/profile/delete/", {}), 422, "validation_failed")
    body = {"password": "correct horse battery"}
    assert succeed(user.post("auth/profile/delete/", body)) == {"message": "Account deleted"}
    left = contents(database)
    assert user.id not in repr(left)
    for name in ("users", "sessions", "tasks", "events", "stream_heads"):
        assert left[name], name
    for gone in (user, again):
        assert_problem(gone.get("auth/profile/"), 401, "token_revoked")
        assert_problem(gone.post("tasks/", {"title": "Late"}), 401, "token_revoked")
    body |= {"username": user.username}
    assert_problem(api.post("auth/login/", body), 401, "bad_credentials")
    assert api.register(user.username)


def test_an_access_token_that_lives_longest_keeps_its_session(
    make_app: Callable[..., Flask],
) -> None:
    app = make_app(ACCESS_TOKEN_SECONDS=3600, REFRESH_TOKEN_SECONDS=60)
    user = Api(through_client(app.test_client())).register()
    with app.app_context():
        (row,) = sessions.list_live(user.id)
    assert row.expires_at - row.created_at == timedelta(hours=1)
