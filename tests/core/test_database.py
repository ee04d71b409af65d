"""Reading and writing beside each other, by our own ways and by Flask-SQLAlchemy's `db.session`."""

import pytest
from flask import Flask
from sqlalchemy import select, text, update
from sqlalchemy.exc import OperationalError

from taskmaster.accounts.models import User, users
from taskmaster.core.database import reading, writing
from taskmaster.extensions import db
from tests.support import api
from tests.support.databases import Database


@pytest.mark.timeout(5)
def test_readers_do_not_wait_for_a_writer(app: Flask, user: api.User) -> None:
    rename = update(users).values(first_name="Ada")
    with app.app_context(), writing() as connection:
        connection.execute(rename)
        assert db.session.scalars(select(User.first_name)).all() == [None]
        assert db.session.get(User, user.id) is not None
        with reading() as beside:
            assert beside.scalars(select(users.c.first_name)).all() == [None]
    with app.app_context():
        assert db.session.scalars(select(User.first_name)).all() == ["Ada"]


def test_db_session_writes_and_reads_what_it_wrote(app: Flask, user: api.User) -> None:
    with app.app_context():
        found = db.session.get_one(User, user.id)
        found.first_name = "Ada"
        assert db.session.scalars(select(User.first_name)).all() == ["Ada"]
        db.session.rollback()
        assert db.session.scalars(select(User.first_name)).all() == [None]
        db.session.execute(update(User).values(first_name="Grace"))
        db.session.execute(text("UPDATE users SET last_name = 'Hopper'"))
        db.session.commit()
    assert user.get("auth/profile/").json["first_name"] == "Grace"
    assert user.get("auth/profile/").json["last_name"] == "Hopper"


@pytest.mark.timeout(5)
def test_a_session_that_read_lets_the_services_write(app: Flask, user: api.User) -> None:
    with app.app_context():
        assert db.session.get(User, user.id)
        user.create_task()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_who_reads_cannot_write(app: Flask, user: api.User, database: Database) -> None:
    with (
        app.app_context(),
        reading() as connection,
        pytest.raises(OperationalError, match="readonly"),
    ):
        connection.execute(update(users).values(first_name="Ada"))
