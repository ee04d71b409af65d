"""The admin pages: who gets in, what is shown, and what a button does."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from taskmaster.accounts import administration
from taskmaster.core import clock
from tests.admin.forms import log_in, press, token_of
from tests.support.api import PASSWORD, Api, User, succeed, through_client
from tests.support.asserts import assert_problem
from tests.support.databases import Database
from tests.support.tables import nothing_changes

DAY = 24 * 3600  # seconds


def test_nobody_gets_past_the_log_in(browser: FlaskClient, app: Flask, user: User) -> None:
    tried = 0
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/admin/") and "login" not in rule.rule:
            path = re.sub("<.*?>", "deactivate", rule.rule)
            for method in {"GET", "POST"} & (rule.methods or set()):
                if "static" in path:
                    continue
                reply = browser.open(path, method=method, data={"id": user.id, "rowid": user.id})
                assert reply.location == "/admin/login/", (method, path)
                tried += 1
    assert tried > 20
    assert user.get("auth/profile/").status == 200


def test_a_user_who_is_no_superuser_is_refused(browser: FlaskClient, user: User) -> None:
    page = log_in(browser, user.username)
    assert "Only superusers" in page.text
    assert browser.get("/admin/").location == "/admin/login/"
    assert len(succeed(user.get("auth/sessions/"))["results"]) == 1


def test_a_refusal_opens_and_ends_no_session(
    make_app: Callable[..., Flask], database: Database
) -> None:
    app = make_app(SESSIONS_PER_USER=1)
    user = Api(through_client(app.test_client())).register()
    with nothing_changes(database):
        assert "Only superusers" in log_in(app.test_client(), user.username).text
    succeed(user.get("auth/profile/"))


def test_a_wrong_password_is_refused(browser: FlaskClient) -> None:
    assert "is wrong" in log_in(browser, "root_admin", "not the password").text


def test_a_name_that_cannot_be_stored_is_a_wrong_one(browser: FlaskClient) -> None:
    page = log_in(browser, "root\0admin")
    assert (page.status_code, "NUL" in page.text) == (200, True)


def test_a_forged_log_in_is_refused(browser: FlaskClient) -> None:
    form = {"login": "root_admin", "password": PASSWORD}
    assert browser.post("/admin/login/", data=form).status_code == 200
    assert browser.get("/admin/").location == "/admin/login/"


def test_the_cookie_is_good_for_nothing_else(admin: FlaskClient) -> None:
    cookie = admin.get_cookie("taskmaster_admin", path="/admin/")
    assert cookie is not None
    assert (cookie.http_only, cookie.same_site) == (True, "Strict")
    assert admin.get("/api/v1/auth/profile/").status_code == 401
    bearer = {"Authorization": f"Bearer {cookie.value}"}
    assert admin.get("/api/v1/auth/profile/", headers=bearer).status_code == 401


def test_the_pages_show_users_and_what_is_theirs(admin: FlaskClient, user: User) -> None:
    task = user.create_task(title="Water the plants")
    assert user.username in admin.get("/admin/users/?search=" + user.username).text
    query = f"?user={user.id}"
    assert "Water the plants" in admin.get("/admin/tasks/" + query).text
    assert "task_create" in admin.get("/admin/events/" + query).text
    assert "Water the plants" not in admin.get("/admin/tasks/?user=somebody").text
    details = admin.get(f"/admin/tasks/details/?id={user.id},{task['id']}")
    assert "Water the plants" in details.text


NOTHING = [
    "tasks/?user=somebody",
    "users/details/?id=x",
    "tasks/details/?id=x",
    "tasks/details/?id=x,y",
    "events/details/?id=x,y",
    "users/?page=99999999999999999999",
    "users/?page=-1",
    "users/?search=%00",
    "users/?url=//[",
    "users/details/?id=x&url=//[",
    "tasks/?user=x&url=//[",
    "users/?id=x&url=x&endpoint=x&self=x&_method=POST",
    "tasks/?user=somebody&id=x",
]


def test_an_address_that_names_nothing_is_no_fault_of_ours(admin: FlaskClient) -> None:
    for path in NOTHING:
        assert admin.get("/admin/" + path).status_code in (200, 302, 404), path


@pytest.mark.parametrize("kind", ["users", "tasks", "events"])
def test_rows_are_only_looked_at(
    admin: FlaskClient, user: User, database: Database, kind: str
) -> None:
    task = user.create_task()["id"]
    row = {"users": user.id, "tasks": f"{user.id},{task}", "events": f"{user.id},1"}[kind]
    form = dict.fromkeys(("id", "rowid", "list_form_pk"), row)
    form |= {"action": "delete", "username": "changed", "title": "changed"}
    form["csrf_token"] = token_of(admin.get("/admin/"))
    with nothing_changes(database):
        for path in ("new", "edit", "delete", "action", "ajax/update"):
            reply = admin.post(f"/admin/{kind}/{path}/?user={user.id}&id={row}", data=form)
            assert reply.status_code in (302, 403, 404, 405), path


def test_deactivating_ends_the_sessions(admin: FlaskClient, user: User, api: Api) -> None:
    press(admin, user, "deactivate")
    assert user.get("auth/profile/").status == 401
    body = {"username": user.username, "password": PASSWORD}
    assert api.post("auth/login/", body).status == 401
    press(admin, user, "activate")
    assert api.post("auth/login/", body).status == 200


def test_who_is_deactivated_is_offered_no_password_link(admin: FlaskClient, user: User) -> None:
    """Who opened it would be told that it was used already."""
    press(admin, user, "deactivate")
    press(admin, user, "password-link")  # of a page that was open since before
    page = admin.get("/admin/users/details/", query_string={"id": user.id}).text
    assert "/admin/users/activate/" in page
    assert "/admin/users/password-link/" not in page
    assert "Activate this user first." in page
    assert "/set-password#" not in page


def test_ending_all_sessions(admin: FlaskClient, user: User) -> None:
    press(admin, user, "end-sessions")
    assert user.get("tasks/").status == 401


def test_a_forged_button_is_refused(admin: FlaskClient, user: User) -> None:
    for reply in (
        press(admin, user, "deactivate", csrf_token="forged"),
        admin.post("/admin/logout/", data={"csrf_token": "forged"}),
    ):
        assert (reply.status_code, reply.mimetype) == (403, "text/html")
        assert "open for too long" in reply.text
    assert admin.get("/admin/").status_code == 200
    assert user.get("auth/profile/").status == 200


def password_link(admin: FlaskClient, user: User) -> dict[str, str]:
    """Press the button; return what the page behind the link sends, with a new password."""
    press(admin, user, "password-link")
    page = admin.get("/admin/users/details/", query_string={"id": user.id}).text
    token = re.search(r"/set-password#([\w.-]+)", page)[1]  # type: ignore[index]
    return {"token": token, "password": "battery staple horse"}


def test_a_password_link_is_good_once(admin: FlaskClient, user: User, api: Api) -> None:
    body = password_link(admin, user)
    assert succeed(api.post("auth/password/", body))["detail"]
    assert user.get("auth/profile/").status == 401
    login = {"username": user.username, "password": "battery staple horse"}
    assert api.post("auth/login/", login).status == 200
    assert api.post("auth/password/", body).json["code"] == "token_revoked"
    body["token"] += "x"
    assert api.post("auth/password/", body).json["code"] == "invalid_token"


@pytest.mark.parametrize(("seconds", "status"), [(DAY - 60, 200), (DAY + 60, 401)])
def test_a_password_link_is_good_for_a_day(
    admin: FlaskClient, user: User, api: Api, monkeypatch: pytest.MonkeyPatch,
    seconds: int, status: int,
) -> None:  # fmt: skip
    body, now = password_link(admin, user), clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(seconds=seconds))
    reply = api.post("auth/password/", body)
    assert reply.status == status
    assert reply.json.get("code") == (None if status == 200 else "token_expired")


def test_a_password_link_does_nothing_while_its_user_is_deactivated(
    admin: FlaskClient, user: User, api: Api
) -> None:
    body = password_link(admin, user)
    press(admin, user, "deactivate")
    assert_problem(api.post("auth/password/", body), 401, "token_revoked")
    press(admin, user, "activate")
    assert api.login(user.username)


def test_a_session_that_ended_is_logged_out_here_too(admin: FlaskClient, app: Flask) -> None:
    with app.app_context():
        administration.end_sessions(administration.find("root_admin"), by="a test")
    assert admin.get("/admin/").location == "/admin/login/"


def test_logging_out(admin: FlaskClient) -> None:
    token = token_of(admin.get("/admin/"))
    admin.post("/admin/logout/", data={"csrf_token": token})
    assert admin.get("/admin/").location == "/admin/login/"


def test_every_change_is_a_line_in_the_log(
    admin: FlaskClient, user: User, capsys: pytest.CaptureFixture[str]
) -> None:
    press(admin, user, "deactivate")
    lines = capsys.readouterr().err.splitlines()  # JSON or not: the process's last application says
    (line,) = [line for line in lines if "user_deactivated" in line]
    assert "admin root_admin" in line
    assert user.id in line


def test_the_pages_have_a_policy_and_are_not_kept(admin: FlaskClient) -> None:
    page = admin.get("/admin/")
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert page.headers["Cache-Control"] == "no-store"
