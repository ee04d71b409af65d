"""Reading and writing beside each other, by our own ways and by Flask-SQLAlchemy's `db.session`."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, select, text, update
from sqlalchemy.exc import OperationalError

from taskmaster.accounts import passwords
from taskmaster.accounts.models import User, users
from taskmaster.core.database import DATABASES, reading, writing
from taskmaster.extensions import db
from taskmaster.tasks import service
from taskmaster.tasks.models import Task
from taskmaster.tasks.schemas import CREATION
from tests.support import api
from tests.support.api import succeed
from tests.support.databases import ON_SQLITE, Database
from tests.support.tables import nothing_changes


@pytest.mark.timeout(5, func_only=True)
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


def make_task(task: Task, user_id: str) -> None:
    db.session.add(Task(user_id=user_id, title="Two"))


def change_task(task: Task, user_id: str) -> None:
    task.title = "Two"


def delete_task(task: Task, user_id: str) -> None:
    db.session.delete(task)


@pytest.mark.parametrize("change", [make_task, change_task, delete_task])
def test_a_session_writes_no_tasks(
    app: Flask, user: api.User, database: Database, change: Callable[[Task, str], None]
) -> None:
    user.create_task("One")
    with app.app_context(), nothing_changes(database):
        change(db.session.scalars(select(Task)).one(), user.id)
        with pytest.raises(RuntimeError, match="tasks/service"):
            db.session.commit()
        db.session.rollback()


@pytest.mark.timeout(5, func_only=True)
def test_a_session_that_read_lets_the_services_write(app: Flask, user: api.User) -> None:
    with app.app_context():
        assert db.session.get(User, user.id)
        user.create_task()


@pytest.mark.timeout(5, func_only=True)
def test_a_session_commits_what_it_wrote_before_a_service_writes(
    app: Flask, user: api.User
) -> None:
    """The service's transaction is another one, which would wait for the session's lock."""
    with app.app_context():
        db.session.get_one(User, user.id).first_name = "Ada"
        db.session.flush()
        with pytest.raises(RuntimeError, match=r"Commit db\.session before"):
            service.create(user.id, CREATION.load({"title": "One"}))
        db.session.commit()
        service.create(user.id, CREATION.load({"title": "One"}))
    assert succeed(user.get("tasks/"))["count"] == 1


@ON_SQLITE
def test_who_reads_cannot_write(app: Flask, user: api.User, database: Database) -> None:
    with (
        app.app_context(),
        reading() as connection,
        pytest.raises(OperationalError, match="readonly"),
    ):
        connection.execute(update(users).values(first_name="Ada"))


def checked_out(app: Flask) -> int:
    with app.app_context():
        pools = {db.engine.pool, DATABASES.get().reading.pool}  # PostgreSQL has one for both
    return sum(pool.checkedout() for pool in pools)  # type: ignore[attr-defined]


@pytest.mark.parametrize("path", ["tasks/", "auth/profile/", "auth/sessions/"])
def test_a_request_reads_by_one_connection_and_gives_it_back(
    app: Flask, user: api.User, path: str
) -> None:
    taken = []
    with app.app_context():
        engine = DATABASES.get().reading
    event.listen(engine.pool, "checkout", lambda *_: taken.append(checked_out(app)))
    assert user.get(path).status == 200
    assert len(taken) == 1
    assert checked_out(app) == 0
    assert user.get("tasks/nothing/").status == 404
    assert checked_out(app) == 0


def test_passwords_are_hashed_without_a_connection(
    app: Flask, user: api.User, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = []
    hash_in_thread = passwords.run_blocking

    def note(*args: Any) -> Any:
        held.append(checked_out(app))
        return hash_in_thread(*args)

    monkeypatch.setattr(passwords, "run_blocking", note)
    body = {"old_password": api.PASSWORD, "new_password_1": "another horse"}
    body["new_password_2"] = body["new_password_1"]
    assert user.post("auth/profile/password/", body).status == 200
    assert held == [0, 0]


def test_a_request_that_writes_reads_by_no_other_connection(app: Flask, user: api.User) -> None:
    held = []

    def note(*_: object) -> None:
        held.append(checked_out(app))

    with app.app_context():
        event.listen(db.engine, "begin", note)
    user.create_task()
    assert set(held) == {1}
