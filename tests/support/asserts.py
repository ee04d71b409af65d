"""What many tests assert, once."""

import json
from typing import Any

from sqlalchemy import func, select

from taskmaster.core.errors import RATE_LIMIT_HEADERS
from taskmaster.events.models import Event
from tests.support.api import Reply
from tests.support.databases import Database

PROBLEM_FIELDS = {"type", "title", "status", "code", "detail", "request_id"}


def assert_problem(reply: Reply, status: int, code: str, bare: bool = False) -> dict[str, Any]:
    """Assert that a refusal has the one shape, this status and this code; return its body.

    A `bare` one comes from Flask's abort(), which knows of no limit.
    """
    assert reply.status == status, f"{reply.status}: {reply.body!r}"
    assert reply.headers["Content-Type"] == "application/problem+json"
    problem: dict[str, Any] = reply.json
    assert problem.keys() - {"errors"} == PROBLEM_FIELDS
    assert (problem["status"], problem["code"]) == (status, code)
    assert problem["type"] == "about:blank"
    assert problem["title"]
    assert problem["detail"]
    assert problem["request_id"] == reply.headers["X-Request-ID"]
    for messages in problem.get("errors", {"": ["."]}).values():
        assert messages
        assert all(isinstance(message, str) and message for message in messages)
    if status == 401:
        assert reply.headers["WWW-Authenticate"].startswith("Bearer")
    if code == "rate_limited" and not bare:
        assert all(reply.headers[name].isdecimal() for name in RATE_LIMIT_HEADERS)
    if status == 503 or (status == 429 and not bare):
        assert int(reply.headers["Retry-After"]) > 0
    return problem


def events_of(database: Database, user_id: str) -> list[dict[str, Any]]:
    """Return a user's log straight from the table, in order: its columns, `payload` parsed."""
    columns = (Event.seq, Event.action, Event.task_id, Event.occurred_at, Event.payload)
    statement = select(*columns).where(Event.user_id == user_id).order_by(Event.seq)
    with database.engine.connect() as connection:
        rows = connection.execute(statement).mappings().all()
    return [{**row, "payload": json.loads(row["payload"])} for row in rows]


def assert_gapless(database: Database, user_id: str) -> list[dict[str, Any]]:
    """Assert that a user's log counts 1, 2, 3; return its events."""
    events = events_of(database, user_id)
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    return events


def assert_no_events(database: Database) -> None:
    """Assert that nobody's log has an entry."""
    with database.engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(Event)).scalar_one() == 0
