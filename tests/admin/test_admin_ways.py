"""The admin pages: what they are called, and the ways between them."""

from html import unescape

import pytest
from flask import Flask, session
from flask.testing import FlaskClient

from tests.admin.forms import fields_of, press
from tests.support.api import Api, User, succeed

FORM = "application/x-www-form-urlencoded"


def test_each_page_has_its_heading_for_a_title(admin: FlaskClient, app: Flask, user: User) -> None:
    titles = {"": "Overview", "users/": "Users", f"users/details/?id={user.id}": user.username}
    for path, title in titles.items():
        assert f"<title>{title} · Admin · Taskmaster</title>" in admin.get("/admin/" + path).text
    log_in_page = app.test_client().get("/admin/login/").text
    assert "<title>Log in as a superuser · Admin · Taskmaster</title>" in log_in_page


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("/admin/users/?search=somebody&page=2", "/admin/users/?search=somebody&amp;page=2"),
        ("//example.com/", "/admin/users/"),
        ("javascript:alert(1)", "/admin/users/"),
    ],
)
def test_a_button_keeps_the_way_back_to_the_list(
    admin: FlaskClient, user: User, address: str, kept: str
) -> None:
    query = {"id": user.id, "url": address}
    page = admin.get("/admin/users/details/", query_string=query).text
    for _ in range(2):
        assert f'<a href="{kept}">Back to the list</a>' in page
        form = fields_of(page, "/admin/users/end-sessions/")
        assert form["id"] == user.id
        page = admin.post("/admin/users/end-sessions/", data=form, follow_redirects=True).text


@pytest.mark.parametrize("address", ["//example.com/", "javascript:alert(1)"])
def test_a_button_leads_nowhere_else(admin: FlaskClient, user: User, address: str) -> None:
    reply = press(admin, user, "end-sessions", url=address)
    assert reply.location == f"/admin/users/details/?id={user.id}"


def test_the_address_without_a_slash_is_no_log_out(admin: FlaskClient) -> None:
    """The cookie is for what is below /admin/: without the slash it does not come."""
    assert admin.get("/admin").location.endswith("/admin/")
    assert admin.get("/admin", follow_redirects=True).request.path == "/admin/"


def test_a_large_form_is_not_read(browser: FlaskClient) -> None:
    reply = browser.post("/admin/login/", data="a&" * 100_000, content_type=FORM)
    assert reply.status_code == 413


def test_a_session_elsewhere_is_refused_with_the_reason(app: Flask) -> None:
    with app.test_request_context("/board"):
        assert session.get("color") is None
        with pytest.raises(RuntimeError, match="Only pages below /admin/"):
            session["color"] = "red"
        with pytest.raises(RuntimeError, match="Only pages below /admin/"):
            session.pop("color", None)


def test_the_last_page_of_a_list_names_no_next_one(admin: FlaskClient, user: User) -> None:
    create = [{"action": "create", "task": {"title": f"Task {n}"}} for n in range(100)]
    succeed(user.bulk(*create))
    pages = [admin.get(f"/admin/tasks/?user={user.id}&page={number}").text for number in (0, 1)]
    assert [page.count(">Task ") for page in pages] == [50, 50]
    assert ["Next page" in page for page in pages] == [True, False]


def link_to(page: str, text: str) -> str:
    """Return where the link with this text leads."""
    return unescape(page.rpartition(f'">{text}</a>')[0].rpartition('href="')[2])


@pytest.mark.parametrize("kind", ["Tasks", "Log"])
def test_the_way_back_from_what_is_a_users_keeps_the_search(
    admin: FlaskClient, user: User, kind: str
) -> None:
    user.create_task("One")
    address = f"/admin/users/?sort=0&search={user.username}"
    page = admin.get(address).text
    for text in (user.username, kind, "One" if kind == "Tasks" else "1", "Back to the list"):
        page = admin.get(link_to(page, text)).text
    page = admin.get(link_to(page, f"Back to {user.username}")).text
    assert link_to(page, "Back to the list").startswith(address)


def test_a_search_means_each_character_as_it_stands(admin: FlaskClient, api: Api) -> None:
    for name in ("ab_cd", "abxcd"):
        api.register(username=name, email=f"{name}%@example.com")

    def found(search: str) -> list[str]:
        page = admin.get("/admin/users/", query_string={"search": search}).text
        return sorted(name for name in ("ab_cd", "abxcd", "root_admin") if f">{name}</a>" in page)

    assert found("B_C") == ["ab_cd"]
    assert found("%") == ["ab_cd", "abxcd"]
    assert found("abx example") == ["abxcd"]
    assert found("^ab") == found("=ab_cd") == []
