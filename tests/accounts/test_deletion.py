"""POST auth/profile/delete/: over at once for everybody, and deleted in parts that go on."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text, update
from sqlalchemy.exc import OperationalError

from taskmaster.accounts import administration, deletion, sessions
from taskmaster.accounts import service as accounts
from taskmaster.accounts.models import users
from taskmaster.admin import changes
from taskmaster.core import clock, parts
from taskmaster.core.client import Client
from taskmaster.core.database import writing
from taskmaster.core.errors import ApiError
from taskmaster.extensions import db
from taskmaster.tasks import service
from tests.support.api import PASSWORD, Api, User, succeed
from tests.support.asserts import assert_problem
from tests.support.databases import Database
from tests.support.parts import after_each_part
from tests.support.plans import Statements, plan
from tests.support.tables import contents
from tests.support.waiting import wait_until

PART = 7
OTHER_PART = "DELETE FROM tasks WHERE id IN (SELECT id FROM tasks ORDER BY id LIMIT :part)"


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "DELETED", PART)
    monkeypatch.setattr(parts, "READ", 2)


@pytest.fixture
def busy(user: User) -> User:
    """Somebody with 30 tasks, as many events, a key and two sessions."""
    task = {"action": "create", "task": {"title": "One"}}
    succeed(user.bulk(*[task] * 29))
    succeed(user.post("tasks/", {"title": "x"}, headers={"Idempotency-Key": "k"}), 201)
    user.login(user.username)
    return user


def delete(user: User) -> Any:
    return user.post("auth/profile/delete/", {"password": PASSWORD})


def prune(app: Flask) -> int:
    with app.app_context():
        return deletion.prune()


def change_password(user: Any, by: str) -> None:
    administration.set_password(user, "another correct horse", by)


def fail() -> None:
    raise OperationalError("the process dies here", None, Exception())


def test_no_transaction_deletes_much(app: Flask, api: Api, busy: User, database: Database) -> None:
    api.register().create_task("mine")
    with app.app_context():
        engines = db.engines.values()
    with Statements(engines) as statements:
        succeed(delete(busy))
    left = contents(database)
    assert busy.id not in repr(left)
    assert [len(left[name]) for name in ("users", "tasks", "events")] == [1, 1, 1]
    of_tasks = [seen for seen in statements.seen if seen[0].startswith("DELETE FROM tasks")]
    assert len(of_tasks) == 30 // PART + 1
    for found in (plan(database, *seen) for seen in of_tasks):
        assert re.search("(autoindex|pk|ix)_tasks", found), found
        assert not any(sign in found for sign in ("SCAN tasks", "Seq Scan on tasks"))


def test_it_is_over_for_everybody_before_the_first_part(
    app: Flask, api: Api, busy: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[str] = []
    looks = 0

    def look() -> None:
        nonlocal looks
        looks += 1
        assert len(ended) == 2
        with app.app_context(), pytest.raises(ApiError) as refused:
            service.create(busy.id, {"title": "Late", "description": ""})
        assert refused.value.problem["code"] == "token_revoked"
        assert_problem(busy.get("tasks/"), 401, "token_revoked")
        credentials = {"username": busy.username, "password": PASSWORD}
        assert_problem(api.post("auth/login/", credentials), 401, "bad_credentials")

    @sessions.ended.connect_via(app)
    def end(_: Flask, user_id: str, session_ids: list[str]) -> None:
        assert user_id == busy.id
        ended.extend(session_ids)

    with ThreadPoolExecutor(1) as others:  # a request of its own
        after_each_part(monkeypatch, lambda: others.submit(look).result())
        succeed(delete(busy))
    assert looks >= 30 // PART


def test_the_next_prune_finishes_what_was_begun(
    app: Flask, api: Api, busy: User, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = [api.register() for _ in range(5)]
    with monkeypatch.context() as outage:
        after_each_part(outage, fail)
        succeed(delete(busy))
    assert busy.id in repr(contents(database))
    assert_problem(busy.get("auth/profile/"), 401, "token_revoked")
    for login in (busy.username, busy.account["email"], busy.id):
        for password in (PASSWORD, ""):
            credentials = {"username": login, "password": password}
            assert_problem(api.post("auth/login/", credentials), 401, "bad_credentials")
    assert busy.account["email"] not in repr(contents(database))
    again = api.register(busy.username)
    again.create_task("mine")
    assert prune(app) == 1
    left = contents(database)
    assert busy.id not in repr(left)
    assert {row[0] for row in left["users"]} == {user.id for user in (*others, again)}
    assert again.get("tasks/").json["count"] == 1
    assert prune(app) == 0


def test_a_change_that_waited_for_it_does_not_give_the_names_back(
    app: Flask, busy: User, database: Database
) -> None:
    class Late(dict[str, Any]):
        """The new names; they are looked at once the account has been read."""

        def items(self) -> Any:
            user = accounts.get_user(busy.id)
            with writing() as connection:
                deletion.begin(connection, user)
            return super().items()

    with app.app_context(), pytest.raises(ApiError) as refused:
        accounts.update_profile(busy.id, Late(username="ada_again"), Client("127.0.0.1", ""))
    assert refused.value.problem["code"] == "token_revoked"
    assert "ada_again" not in repr(contents(database))


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_session_that_opens_meanwhile_is_ended_too(
    app: Flask, busy: User, database: Database
) -> None:
    """A log-in has changed the user's row, and is not committed."""
    ended: list[str] = []
    sessions.ended.connect(lambda _, session_ids, **__: ended.extend(session_ids), app, weak=False)
    with ThreadPoolExecutor(1) as others, database.engine.connect() as log_in:
        log_in.execute(update(users).where(users.c.id == busy.id).values(last_login=clock.now()))
        with app.app_context():
            sessions.open_session(log_in, busy.id, "")
        deleting = others.submit(delete, busy)
        while not database.has_waiter():
            assert not deleting.done()
        log_in.commit()
        succeed(deleting.result())
    assert len(ended) == 3


@pytest.mark.parametrize(
    ("change", "code"),
    [(administration.deactivate, "token_revoked"), (change_password, "wrong_password")],
)
def test_who_was_secured_meanwhile_is_not_deleted(
    app: Flask, busy: User, database: Database, change: Callable[..., object], code: str
) -> None:
    """The password was right when it was checked, and the deletion has waited since."""
    writing_of = accounts.writing_of

    def wait(user_id: str) -> Any:
        patch.undo()
        change(accounts.get_user(user_id), by="a test")
        return writing_of(user_id)

    with app.app_context(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(accounts, "writing_of", wait)
        with pytest.raises(ApiError) as refused:
            accounts.delete_account(busy.id, PASSWORD, Client("127.0.0.1", ""))
    assert refused.value.problem["code"] == code
    left = contents(database)
    assert [len(left[name]) for name in ("users", "tasks", "stream_heads")] == [1, 30, 1]


def test_what_operators_do_to_a_deleted_account_is_refused(app: Flask, busy: User) -> None:
    with app.app_context():
        user = accounts.get_user(busy.id)
        with writing() as connection:
            deletion.begin(connection, user)
        for act in (administration.deactivate, administration.activate, change_password):
            with pytest.raises(ApiError, match="no such account"):
                act(user, by="a test")
        with pytest.raises(ApiError, match="nothing here"):  # it would bring the account back
            changes.apply("password-link", busy.id, by="a test")
        assert list(administration.list_all()) == []


def test_every_table_of_a_users_rows_is_known(app: Flask) -> None:
    tables = {owner.table.name for owner in deletion.owner_columns()}
    assert tables == {"events", "idempotency_keys", "sessions", "stream_heads", "tasks"}


def test_sqlite_pauses(busy: User, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(parts, "pause", pauses.append)
    succeed(delete(busy))
    assert bool(pauses) == (database.backend == "sqlite")


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_while_another_process_deletes_a_part_too(busy: User, database: Database) -> None:
    """The rest is deleted in parts, not by the row of the user, which waits for the other."""
    with ThreadPoolExecutor(1) as others, database.engine.connect() as other:
        other.execute(text(OTHER_PART), {"part": PART})
        end = others.submit(delete, busy)
        wait_until(lambda: end.done() or database.has_waiter(), what="the end to wait")
        left = contents(database)
        other.commit()
        succeed(end.result())
    assert [len(left[name]) for name in ("users", "tasks", "events")] == [1, PART, 0]
    assert busy.id not in repr(contents(database))


def test_twice_at_once(
    busy: User, database: Database, monkeypatch: pytest.MonkeyPatch, make_app: Callable[..., Flask]
) -> None:
    """The second begins while the first is between two parts."""
    other = make_app()

    def second() -> None:
        first.undo()
        with other.app_context():
            deletion.finish(busy.id)

    with monkeypatch.context() as first:
        after_each_part(first, second)
        succeed(delete(busy))
    assert busy.id not in repr(contents(database))
