"""Accounts that neither a registration nor an operator has made: by `db.session`, or by SQL."""

import pytest
from flask import Flask
from sqlalchemy import text

from taskmaster.accounts import deletion, passwords
from taskmaster.accounts.models import User
from taskmaster.core import clock
from taskmaster.core.database import writing
from taskmaster.extensions import db
from tests.support.api import PASSWORD, Api
from tests.support.api import User as Member
from tests.support.databases import Database
from tests.support.tables import nothing_changes


def prune(app: Flask) -> int:
    with app.app_context():
        return deletion.prune()


def test_a_session_adds_accounts_that_can_have_tasks(app: Flask, api: Api) -> None:
    with app.app_context():
        names = {"username": "ada", "email": "ada@example.com"}
        dates = dict.fromkeys(("date_joined", "last_updated"), clock.now())
        password_hash = passwords.hash_password(PASSWORD)
        db.session.add(User(**names, **dates, password_hash=password_hash))
        db.session.commit()
    api.login("ada").create_task()
    assert prune(app) == 0


@pytest.mark.parametrize(
    "difference", ["DELETE FROM stream_heads", "UPDATE users SET password_hash = ''"]
)
def test_only_who_has_neither_log_nor_password_is_on_the_way_out(
    app: Flask, user: Member, database: Database, difference: str
) -> None:
    with app.app_context(), writing() as connection:
        connection.execute(text(difference))
    with nothing_changes(database):
        assert prune(app) == 0
