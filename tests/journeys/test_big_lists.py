"""A user with 100,000 tasks beside four with as many: every query by an index, and how fast."""

import itertools
import random
import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Connection, insert, literal, select, text, update

import config
from taskmaster import create_app
from taskmaster.core import clock
from taskmaster.core.ids import uuid7
from taskmaster.core.pagination import Cursor
from taskmaster.events.models import StreamHead
from taskmaster.extensions import db
from taskmaster.tasks.models import tasks
from taskmaster.tasks.search import search_columns
from tests.support.api import Api, User, succeed, through_client
from tests.support.databases import Database, dispose_engines
from tests.support.plans import Statements, primary_key
from tests.support.settings import settings_for
from tests.support.values import ORDERINGS, START

pytestmark = [pytest.mark.alone, pytest.mark.timeout(600)]

COUNT = 100_000
OTHERS = 4
STATUSES = ("TO DO", "IN PROGRESS", "DONE")
SIGNED = [sign + name for name in ORDERINGS for sign in ("", "-")]
MIDDLE = (START + timedelta(minutes=COUNT // 2)).isoformat()
LATE = (START + timedelta(minutes=COUNT - 50)).isoformat()
FILTERS: dict[str, dict[str, Any]] = {
    "nothing": {},
    "one status": {"status_task": "DONE"},
    "two statuses": {"status_task": ["DONE", "TO DO"]},
    "a word that all have": {"search": "plan"},
    "a word that few have": {"search": "0001"},
    "two words": {"search": "plan 00012"},
    "due before": {"due_before": MIDDLE},
    "due between": {"due_after": MIDDLE, "due_before": LATE},
    "created lately": {"created_after": LATE},
    "updated lately": {"updated_after": LATE},
    "all filters": {"status_task": "DONE", "search": "pl", "due_after": MIDDLE,
                    "due_before": LATE, "created_after": MIDDLE, "updated_after": MIDDLE},
}  # fmt: skip
INDEXES = ("last_updated", "due_date", "title", "priority", "status")
SORTS = ("Sort", "TEMP B-TREE")


def rows_of(user_id: str, count: int) -> Iterator[dict[str, Any]]:
    chance = random.Random(7)  # noqa: S311 (the same tasks every time)
    for number in range(count):
        moment = START + timedelta(minutes=number)
        due = START + timedelta(minutes=chance.randrange(COUNT))
        texts = {"title": f"plan {chance.randrange(COUNT):06}", "description": ""}
        yield {
            "id": uuid7(moment), "user_id": user_id, **texts, **search_columns(texts),
            "status_task": STATUSES[number % 3], "date_created": moment,
            "last_updated": START + timedelta(minutes=chance.randrange(COUNT)),
            "due_date": None if number % 4 == 0 else due, "priority": number % 3, "version": 1,
        }  # fmt: skip


def load(connection: Connection, user_id: str) -> None:
    """Give a user tasks, past the API."""
    connection.execute(insert(tasks), list(rows_of(user_id, COUNT)))
    head = update(StreamHead).where(StreamHead.user_id == user_id)
    connection.execute(head.values(task_count=COUNT))


def copy(connection: Connection, user_id: str, other_id: str, count: int = COUNT) -> None:
    """Give another user as many of the same tasks, or the first of them."""
    columns = [literal(other_id, c.type) if c.name == "user_id" else c for c in tasks.c]
    statement = select(*columns).where(tasks.c.user_id == user_id).limit(count)
    connection.execute(insert(tasks).from_select(tasks.c.keys(), statement))


def vacuum(database: Database) -> None:
    """Do what PostgreSQL does by itself after so many new rows; it is told not to in tests."""
    if database.backend == "postgresql":
        with database.engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT")
            connection.execute(text("VACUUM ANALYZE"))


def milliseconds(user: User, params: dict[str, Any]) -> float:
    """Return the least time of several lists: what else the machine does only adds to it."""
    taken = []
    for _ in range(5):
        begun = clock.monotonic()
        succeed(user.get("tasks/", params=params))
        taken.append((clock.monotonic() - begun) * 1000)
    return min(taken)


def deep(user: User, ordering: str) -> dict[str, Any]:
    """Return the parameters of a part by cursor that is 90,000 tasks deep."""
    params = {"ordering": ordering, "page": COUNT * 9 // 10, "page_size": 1}
    (task,) = succeed(user.get("tasks/", params=params))["results"]
    value = task[ordering.removeprefix("-")]  # titles are folded already
    return {"ordering": ordering, "cursor": Cursor(ordering, value, task["id"]).encode()}


@dataclass
class Big:
    """Somebody with 100,000 tasks, and somebody with few of all that there are."""

    app: Flask
    database: Database
    user: User
    small: User
    alone: dict[str, float]  # milliseconds of each list before others had tasks
    parts: dict[str, dict[str, Any]]  # the parameters of a deep part in each ordering

    def shapes(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Return every shape of a list that the API can produce, named."""
        for ordering, (name, params) in itertools.product(SIGNED, FILTERS.items()):
            kinds = {"page": {"ordering": ordering},
                     "first part": {"ordering": ordering, "cursor": ""},
                     "deep part": self.parts[ordering]}  # fmt: skip
            for kind, more in kinds.items():
                yield f"{name} by {ordering}, {kind}", {**params, **more}

    def measure(self) -> dict[str, float]:
        """Return the milliseconds of each ordering without a filter, and of each filter."""
        return {
            name: milliseconds(self.user, params)
            for name, params in self.shapes()
            if name.startswith("nothing") or "by -date_created" in name
        }

    def explain(self, user: User, params: dict[str, Any]) -> list[str]:
        """Return the plan of each statement of a list, as the application's connections get it."""
        with self.app.app_context():
            engine, engines = db.engine, db.engines.values()
        with Statements(engines) as statements:
            succeed(user.get("tasks/", params=params))
        prefix = "EXPLAIN QUERY PLAN " if self.database.backend == "sqlite" else "EXPLAIN "
        with engine.connect() as connection:
            plans = [connection.exec_driver_sql(prefix + s, p).all() for s, p in statements.seen]
        return ["\n".join(str(row[-1]) for row in rows) for rows in plans]


@pytest.fixture(scope="module")
def big(module_database: Database) -> Iterator[Big]:
    app = create_app(config.load(settings_for(module_database.url, ACCESS_TOKEN_SECONDS=86400)))
    api = Api(through_client(app.test_client()))
    user, small, *others = (api.register() for _ in range(OTHERS + 2))
    with module_database.engine.begin() as connection:
        load(connection, user.id)
    vacuum(module_database)
    found = Big(app, module_database, user, small, {}, {name: deep(user, name) for name in SIGNED})
    found.alone = found.measure()
    with module_database.engine.begin() as connection:
        for other in others:
            copy(connection, user.id, other.id)
        copy(connection, user.id, small.id, COUNT // 10)
    vacuum(module_database)
    yield found
    with app.app_context():
        dispose_engines()


def test_every_list_uses_an_index_of_the_user(big: Big) -> None:
    """PostgreSQL rightly reads all tasks only where a good part of them is the user's."""
    names = [primary_key(big.database), *(f"ix_tasks_{name}" for name in INDEXES)]
    count = 0
    for name, params in big.shapes():
        for plan in big.explain(big.small, params):
            if "tasks" in plan:
                count += 1
                assert any(index in plan for index in names), f"{name}:\n{plan}"
    shapes = len([*big.shapes()])
    print(f"\n{big.database.backend}: {count} statements of {shapes} lists explained")
    assert count >= shapes


def test_unfiltered_lists_come_out_of_their_index_in_order(big: Big) -> None:
    for ordering in SIGNED:
        name = ordering.removeprefix("-")
        index = f"ix_tasks_{name}" if name in INDEXES else primary_key(big.database)
        for more in ({}, {"cursor": ""}, big.parts[ordering]):
            *_, plan = big.explain(big.user, {"ordering": ordering, **more})
            assert index in plan, f"{ordering} {more}:\n{plan}"
            assert not any(sign in plan for sign in SORTS), f"{ordering} {more}:\n{plan}"


def test_speed(big: Big) -> None:
    """Neither the depth of a part nor the tasks of others make a list slow."""
    together = big.measure()
    print(f"\n{big.database.backend}: milliseconds (before others had tasks)")
    print(f"{'page 1 with count':>20}{'first part':>20}{'deep part':>20}")
    for name in [name for name in together if name.endswith(", page")]:
        base = name.removesuffix(", page")
        shown = [name, f"{base}, first part", f"{base}, deep part"]
        print(*(f"{together[n]:9.1f} ({big.alone[n]:7.1f})" for n in shown), base)
    parts = [name.removesuffix("first part") for name in together if name.endswith("first part")]
    ratios = [together[f"{name}deep part"] / together[f"{name}first part"] for name in parts]
    print(
        f"deep part against first: median {statistics.median(ratios):.2f}, most {max(ratios):.2f}"
    )
    # Bounds that a busy machine keeps; reading what it should not costs hundreds of times more.
    assert statistics.median(ratios) < 3
    for name, taken in together.items():
        assert taken < 5 * big.alone[name] + 50, name


def test_unfiltered_count_reads_no_rows(big: Big) -> None:
    with big.app.app_context():
        engines = db.engines.values()
    with Statements(engines) as statements:
        assert succeed(big.user.get("tasks/"))["count"] == COUNT
    assert not any("count(" in statement.lower() for statement, _ in statements.seen)
