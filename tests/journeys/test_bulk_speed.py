"""A bulk of 100 against 100 requests; and what a failure leaves."""

import itertools
import string
from typing import Any

import pytest
from sqlalchemy import text

from taskmaster.core import clock
from tests.support.api import User, succeed
from tests.support.asserts import assert_problem, events_of
from tests.support.databases import Database
from tests.support.server import Server
from tests.support.tables import nothing_changes
from tests.support.values import UNKNOWN

pytestmark = pytest.mark.alone

ROUNDS = 5
MANY = 100


def seconds_of(act: Any) -> float:
    begun = clock.monotonic()
    act()
    return clock.monotonic() - begun


def bulk(user: User, operations: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = succeed(user.bulk(*operations))["results"]
    assert len(found) == MANY
    return found


def create_all(user: User) -> list[dict[str, Any]]:
    operation = {"action": "create", "task": {"title": "Task"}}
    return bulk(user, [operation] * MANY)


def compare(name: str, single: Any, at_once: Any) -> float:
    """Print how long the one and the other take; return how many times faster the latter is.

    In turns, and the best of each: what else the machine does hits both alike.
    """
    rounds = [(seconds_of(single), seconds_of(at_once)) for _ in range(ROUNDS)]
    alone, together = (min(times) * 1000 for times in zip(*rounds, strict=True))
    ratio = alone / together
    print(f"{name}: {MANY} requests {alone:.0f} ms, one bulk {together:.1f} ms: {ratio:.1f} times")
    return ratio


def test_bulk_is_ten_times_faster(server: Server, user: User, database: Database) -> None:
    """On one connection that is kept open, creating, changing and deleting."""
    ids = [task["id"] for task in create_all(user)]
    titles = (f"Title {number}" for number in itertools.count())

    def update_each() -> None:
        title = next(titles)
        for task_id in ids:
            succeed(user.patch(f"tasks/{task_id}/", {"title": title}))

    def update_all() -> None:
        task = {"title": next(titles)}
        bulk(user, [{"action": "update", "id": task_id, "task": task} for task_id in ids])

    print(f"\n{database.backend}")
    creating = compare(
        "create", lambda: [user.create_task() for _ in ids], lambda: create_all(user)
    )
    updating = compare("update titles", update_each, update_all)
    assert creating >= 10
    assert updating >= 5
    seqs = [event["seq"] for event in events_of(database, user.id)]
    assert seqs == [*range(1, MANY * (4 * ROUNDS + 1) + 1)]


def megabytes(database: Database) -> float:
    """Return how much room a database takes."""
    pages = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
    whole = "SELECT pg_database_size(current_database())"
    with database.engine.connect() as connection:
        statement = text(pages if database.backend == "sqlite" else whole)
        return float(connection.scalar(statement) or 0) / 2**20


def test_largest_bulk_of_short_words(server: Server, user: User, database: Database) -> None:
    """With one row a word it took seconds, in which nobody else was served."""
    letters = [*map("".join, itertools.product(string.ascii_lowercase, repeat=3))]
    texts = [" ".join(letters[start : start + 2500]) for start in range(0, 150 * MANY, 150)]
    operations = [
        {"action": "create", "task": {"title": "Words", "description": description}}
        for description in texts
    ]
    before = megabytes(database)
    taken = seconds_of(lambda: bulk(user, operations))
    grown = megabytes(database) - before
    print(f"\n{database.backend}: 1 MB of words in {taken:.2f} s, {grown:.1f} MiB")
    assert taken < 1
    assert grown < 15


def test_failing_bulk_leaves_nothing(server: Server, user: User, database: Database) -> None:
    task = user.create_task()
    operations: list[dict[str, Any]] = [
        {"action": "create", "task": {"title": f"Never {number}"}} for number in range(98)
    ]
    operations += [
        {"action": "update", "id": task["id"], "task": {"title": "Never"}},
        {"action": "delete", "id": UNKNOWN},
    ]
    with nothing_changes(database):
        reply = user.bulk(*operations)
        assert assert_problem(reply, 404, "not_found")["errors"].keys() == {"operations.99.id"}
