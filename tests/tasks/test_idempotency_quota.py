"""IDEMPOTENCY_BYTES_PER_USER: how much of replies is kept for the keys of one user."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from flask import Flask

from taskmaster.extensions import db
from tests.support.api import Api, Reply, User, succeed
from tests.support.asserts import assert_problem, events_of
from tests.support.databases import Database
from tests.support.plans import Statements, plan
from tests.support.tables import contents, nothing_changes
from tests.support.values import START

QUOTA = 1000
LARGE = {"title": "One", "description": "x" * QUOTA}
CREATE = {"action": "create", "task": LARGE}


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Flask:
    """An application that keeps little."""
    return make_app(IDEMPOTENCY_BYTES_PER_USER=QUOTA)


def post(user: User, key: str) -> Reply:
    return user.post("tasks/", LARGE, headers={"Idempotency-Key": key})


def test_a_new_key_is_refused_beyond_it(api: Api, user: User, database: Database) -> None:
    first = succeed(post(user, "first"), 201)
    second = succeed(user.bulk(CREATE, key="second"))
    with nothing_changes(database):
        for reply in (post(user, "third"), user.bulk(CREATE, key="third")):
            problem = assert_problem(reply, 422, "quota_exceeded")
            assert problem["detail"] == (
                "The replies kept for one user's Idempotency-Keys may have 1,000 bytes at most."
            )
        assert succeed(post(user, "first"), 201) == first
        assert succeed(user.bulk(CREATE, key="second")) == second
    assert len(events_of(database, user.id)) == 2
    user.create_task("Without a key")
    succeed(post(api.register(), "third"), 201)


def test_it_is_measured_at_the_ends_of_an_index(app: Flask, user: User, database: Database) -> None:
    with app.app_context():
        engines = db.engines.values()
    with Statements(engines) as statements:
        succeed(post(user, "k"), 201)
    (measure,) = [one for one in statements.seen if "max" in one[0]]
    assert plan(database, *measure).count("ix_idempotency_keys_bytes") == 2


def test_what_is_no_longer_kept_does_not_count(app: Flask, api: Api, database: Database) -> None:
    with time_machine.travel(START, tick=False) as clock:
        user = api.register()
        for hours in (0, 1):
            clock.move_to(START + timedelta(hours=hours))
            succeed(post(user, f"after {hours} hours"), 201)
        assert_problem(post(user, "new"), 422, "quota_exceeded")
        clock.move_to(START + timedelta(hours=24, seconds=1))
        succeed(post(user, "new"), 201)
        assert_problem(post(user, "newer"), 422, "quota_exceeded")
        app.test_cli_runner().invoke(args=["prune"], catch_exceptions=False)
        assert len(contents(database)["idempotency_keys"]) == 2
        assert_problem(post(user, "newer"), 422, "quota_exceeded")
