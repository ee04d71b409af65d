"""Every query of a request uses an index, on both databases."""

import pytest
from flask import Flask

from taskmaster.extensions import db
from tests.support.api import User
from tests.support.databases import Database
from tests.support.plans import Statements, plan, primary_key

WHOLE_TABLE = ("SCAN ", "Seq Scan")


def plans_of(app: Flask, database: Database, user: User, method: str, path: str) -> list[str]:
    """Return the plan of each SELECT, UPDATE and DELETE that a request runs."""
    with app.app_context():
        engines = db.engines.values()
    body = {"title": "Two"} if method in {"PUT", "PATCH"} else None
    with Statements(engines) as statements:
        assert user.call(method, path, body).status == 200
    return [
        plan(database, statement, parameters)
        for statement, parameters in statements.seen
        if statement.split()[0] in {"SELECT", "UPDATE", "DELETE"}
    ]


REQUESTS = [
    ("GET", "tasks/"),
    ("GET", "tasks/?page=2&page_size=2"),
    ("GET", "tasks/{id}/"),
    ("GET", "tasks/{id}/history/?since=1"),
    ("GET", "tasks/events/?since=1"),
    ("PUT", "tasks/{id}/"),
    ("DELETE", "tasks/{id}/"),
    ("GET", "auth/profile/"),
    ("POST", "auth/logout/"),
]


def test_no_statement_reads_a_whole_table(app: Flask, database: Database, user: User) -> None:
    tasks = [user.create_task(str(number)) for number in range(5)]
    for method, path in REQUESTS:
        plans = plans_of(app, database, user, method, path.format(id=tasks[0]["id"]))
        assert len(plans) >= 2, path  # the session, and what was asked for
        for found in plans:
            assert not any(sign in found for sign in WHOLE_TABLE), (method, path, found)


def test_list_comes_out_of_its_index_in_order(app: Flask, database: Database, user: User) -> None:
    user.create_task()
    *_, newest = plans_of(app, database, user, "GET", "tasks/")
    assert primary_key(database) in newest
    assert "TEMP B-TREE" not in newest  # SQLite's word for sorting
    assert "Sort" not in newest


@pytest.mark.parametrize(
    ("path", "index"), [("tasks/{id}/history/", "ix_events_history"), ("tasks/events/", None)]
)
def test_pages_of_events_come_out_of_their_index_in_order(
    app: Flask, database: Database, user: User, path: str, index: str | None
) -> None:
    task = user.create_task()["id"]
    plans = plans_of(app, database, user, "GET", f"{path.format(id=task)}?since=0")
    of_events = [found for found in plans if "events" in found]
    assert of_events
    for found in of_events:
        assert (index or primary_key(database, "events")) in found
        assert "TEMP B-TREE" not in found
        assert "Sort" not in found


def test_session_is_one_indexed_look(app: Flask, database: Database, user: User) -> None:
    session, *_ = plans_of(app, database, user, "GET", "auth/profile/")
    assert "sessions" in session
    assert "INDEX" in session.upper()
