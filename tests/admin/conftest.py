"""Browsers at the admin pages."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from taskmaster.accounts import administration
from tests.admin.forms import log_in
from tests.support.api import PASSWORD

ADMIN = {"username": "root_admin", "email": "root@example.org", "password": PASSWORD}


@pytest.fixture
def browser(app: Flask) -> FlaskClient:
    """A browser in which nobody is logged in; there is a superuser."""
    with app.app_context():
        administration.create(ADMIN, is_superuser=True, by="a test")
    return app.test_client()


@pytest.fixture
def admin(browser: FlaskClient) -> FlaskClient:
    """A browser in which a superuser is logged in."""
    assert log_in(browser, "root_admin").location == "/admin/"
    return browser
