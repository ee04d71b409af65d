"""A bulk of 100 against 100 requests on the same connection; and what a failure leaves."""

import statistics
from typing import Any

from taskmaster.core import clock
from tests.support.api import Api, User, succeed, through_http
from tests.support.asserts import assert_problem, events_of
from tests.support.databases import Database
from tests.support.server import Server
from tests.support.tables import nothing_changes

ROUNDS = 7
MANY = 100
UNKNOWN = "0197f3c2-0000-7000-8000-000000000000"


def seconds_of(act: Any) -> float:
    begun = clock.monotonic()
    act()
    return clock.monotonic() - begun


def one_by_one(user: User) -> None:
    for number in range(MANY):
        user.create_task(f"Task {number}")


def at_once(user: User) -> None:
    operations = [
        {"action": "create", "task": {"title": f"Task {number}"}} for number in range(MANY)
    ]
    assert len(succeed(user.post("tasks/bulk/", {"operations": operations}))["results"]) == MANY


def test_bulk_is_ten_times_faster(server: Server, database: Database) -> None:
    user = Api(through_http(server.url)).register()
    at_once(user)  # warm, as one by one is after its first requests
    single = [seconds_of(lambda: one_by_one(user)) for _ in range(ROUNDS)]
    bulk = [seconds_of(lambda: at_once(user)) for _ in range(ROUNDS)]
    ratio = statistics.median(single) / statistics.median(bulk)
    print(
        f"\n{database.backend}: {MANY} requests {statistics.median(single) * 1000:.0f} ms, "
        f"one bulk {statistics.median(bulk) * 1000:.1f} ms: {ratio:.1f} times faster"
    )
    assert ratio >= 10
    seqs = [event["seq"] for event in events_of(database, user.id)]
    assert seqs == [*range(1, MANY * (2 * ROUNDS + 1) + 1)]


def test_failing_bulk_leaves_nothing(server: Server, database: Database) -> None:
    user = Api(through_http(server.url)).register()
    task = user.create_task()
    operations: list[dict[str, Any]] = [
        {"action": "create", "task": {"title": f"Never {number}"}} for number in range(98)
    ]
    operations += [
        {"action": "update", "id": task["id"], "task": {"title": "Never"}},
        {"action": "delete", "id": UNKNOWN},
    ]
    with nothing_changes(database):
        reply = user.post("tasks/bulk/", {"operations": operations})
        assert assert_problem(reply, 404, "not_found")["errors"].keys() == {"operations.99.id"}
