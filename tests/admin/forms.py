"""The forms of the admin pages, as a browser sends them."""

import re
from html import unescape

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.support.api import PASSWORD, User

TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
HIDDEN = re.compile(r'<input [^>]*name="(\w+)"[^>]* value="([^"]*)"')


def token_of(page: TestResponse) -> str:
    found = TOKEN.search(page.text)
    assert found, page.text
    return found[1]


def log_in(browser: FlaskClient, login: str, password: str = PASSWORD) -> TestResponse:
    token = token_of(browser.get("/admin/login/"))
    form = {"login": login, "password": password, "csrf_token": token}
    return browser.post("/admin/login/", data=form)


def fields_of(page: str, action: str) -> dict[str, str]:
    """Return what the form on a page sends, which has nothing to fill in."""
    form = page.partition(f'action="{action}"')[2].partition("</form>")[0]
    return {name: unescape(value) for name, value in HIDDEN.findall(form)}


def press(browser: FlaskClient, user: User, change: str, **form: str) -> TestResponse:
    """Press a button on a user's page."""
    token = token_of(browser.get("/admin/users/details/", query_string={"id": user.id}))
    return browser.post(f"/admin/users/{change}/", data={"id": user.id, "csrf_token": token} | form)
