"""Pruning: by age and by number, always the oldest, in a command and as a function."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import delete, update

from taskmaster.core import parts
from taskmaster.events import log, retention
from taskmaster.events.models import Event
from taskmaster.extensions import db
from tests.support.api import Api, User, succeed, through_client
from tests.support.asserts import assert_problem, events_of
from tests.support.databases import Database
from tests.support.parts import after_each_part
from tests.support.plans import Statements
from tests.support.racing import twin
from tests.support.values import START
from tests.support.waiting import wait_until

DAY = timedelta(days=1)


@pytest.fixture
def app(clock: time_machine.Traveller, make_app: Callable[..., Flask]) -> Flask:
    """An application that keeps five days and seven events."""
    return make_app(EVENTS_KEEP_DAYS=5, EVENTS_KEEP_COUNT=7)


def prune(app: Flask) -> int:
    with app.app_context():
        return retention.prune()


def kept(database: Database, user: User) -> list[int]:
    return [event["seq"] for event in events_of(database, user.id)]


def write(user: User, count: int) -> None:
    for number in range(count):
        user.create_task(str(number))


def test_nothing_to_prune(app: Flask, user: User, database: Database) -> None:
    assert prune(app) == 0
    write(user, 7)
    assert prune(app) == 0
    assert kept(database, user) == [*range(1, 8)]


def test_by_number(app: Flask, api: Api, user: User, database: Database) -> None:
    other = api.register()
    write(user, 10)
    write(other, 3)
    assert prune(app) == 3
    assert kept(database, user) == [4, 5, 6, 7, 8, 9, 10]
    assert kept(database, other) == [1, 2, 3]
    assert_problem(user.get("tasks/events/", params={"since": 2}), 410, "position_expired")
    assert user.get("tasks/events/", params={"since": 3}).status == 200


def test_by_age(app: Flask, clock: time_machine.Traveller, user: User, database: Database) -> None:
    write(user, 2)
    clock.shift(DAY)
    write(user, 2)
    clock.move_to(START + 5 * DAY)
    assert prune(app) == 0
    clock.shift(timedelta(seconds=1))
    assert prune(app) == 2
    assert kept(database, user) == [3, 4]
    clock.shift(DAY)
    assert prune(app) == 2
    assert kept(database, user) == []
    write(user, 1)
    assert kept(database, user) == [5]


def test_what_is_left_has_no_gap(
    app: Flask, clock: time_machine.Traveller, user: User, database: Database
) -> None:
    """Clocks of several processes differ: a later event may have the earlier time."""
    write(user, 5)
    older = update(Event).where(Event.seq == 3).values(occurred_at=START - DAY)
    with database.engine.begin() as connection:
        connection.execute(older)
    clock.move_to(START + 5 * DAY)
    assert prune(app) == 0
    assert kept(database, user) == [1, 2, 3, 4, 5]


def test_tasks_are_left_alone(app: Flask, clock: time_machine.Traveller, user: User) -> None:
    task = user.create_task()
    clock.shift(5.5 * DAY)
    assert prune(app) == 1
    assert user.get(f"tasks/{task['id']}/").json == task
    assert user.get("tasks/").headers["Stream-Position"] == "1"


def test_command(app: Flask, user: User, database: Database) -> None:
    write(user, 10)
    result = app.test_cli_runner().invoke(args=["prune"], catch_exceptions=False)
    assert result.exit_code == 0
    assert "events: 3" in result.output
    assert kept(database, user) == [4, 5, 6, 7, 8, 9, 10]


@pytest.fixture
def floor(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fewer events than are left for streams, so that a test writes few."""
    monkeypatch.setattr(log, "KEPT_AT_LEAST", 50)


def write_many(user: User, count: int) -> None:
    create = {"action": "create", "task": {"title": "One of many"}}
    succeed(user.bulk(*[create] * count))


@pytest.mark.usefixtures("floor")
def test_by_number_while_it_is_written(user: User, database: Database) -> None:
    for count, first, last in ((60, 1, 60), (60, 71, 120), (100, 171, 220), (70, 171, 290)):
        write_many(user, count)
        assert kept(database, user) == [*range(first, last + 1)]


def test_streams_have_something_left(user: User, database: Database) -> None:
    for _ in range(11):
        write_many(user, 100)
    assert kept(database, user) == [*range(101, 1101)]


@pytest.mark.usefixtures("floor")
def test_an_old_log_is_pruned_by_and_by(
    make_app: Callable[..., Flask], user: User, database: Database
) -> None:
    writer = twin(user, Api(through_client(make_app(EVENTS_KEEP_COUNT=500).test_client())))
    for _ in range(5):
        write_many(writer, 100)
    assert kept(database, user) == [*range(1, 501)]
    for first in (201, 401, 601):
        write_many(user, 100)
        assert kept(database, user)[0] == first


def test_users_with_nothing_to_prune_cost_no_write(app: Flask, api: Api) -> None:
    for _ in range(3):
        write(api.register(), 1)
    with app.app_context(), Statements(db.engines.values()) as statements:
        assert retention.prune() == 0
    assert {statement.split()[0] for statement, _ in statements.seen} == {"SELECT"}


def test_limits_are_settings(make_app: Callable[..., Flask], database: Database) -> None:
    app = make_app(EVENTS_KEEP_COUNT=1)
    user = Api(through_client(app.test_client())).register()
    write(user, 3)
    assert prune(app) == 2
    assert kept(database, user) == [3]


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_writer_that_prunes_too_is_not_waited_for(
    app: Flask, user: User, database: Database
) -> None:
    """Each may lock in another order: two that wait are a deadlock."""
    write(user, 17)
    with ThreadPoolExecutor(1) as others, database.engine.connect() as writer:
        writer.execute(delete(Event).where(Event.seq.in_([2, 5])))
        pruning = others.submit(prune, app)
        wait_until(lambda: pruning.done() or database.has_waiter(), what="the end")
        waits = database.has_waiter()
        writer.commit()
    assert (waits, pruning.result()) == (False, 8)
    assert kept(database, user) == [*range(11, 18)]


def test_in_parts_from_the_front(
    app: Flask, user: User, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[int]] = []
    monkeypatch.setattr(parts, "DELETED", 4)
    after_each_part(monkeypatch, lambda: seen.append(kept(database, user)))
    write(user, 17)
    assert prune(app) == 10
    assert seen == [[*range(first, 18)] for first in (5, 9, 11)]
