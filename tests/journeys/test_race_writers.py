"""Two writers at once, against a real server on each database."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.support.api import PASSWORD, Api, Reply, User, succeed, through_http
from tests.support.asserts import assert_problem, events_of
from tests.support.databases import Database
from tests.support.racing import at_once, twin
from tests.support.server import Server

ROUNDS, MOST_ROUNDS = 200, 1000
REGISTRATIONS = 500


@pytest.fixture
def apis(module_server: Server) -> list[Api]:
    return [Api(through_http(module_server.url)) for _ in range(2)]


@pytest.fixture
def users(apis: list[Api]) -> tuple[User, User]:
    """One user on two connections."""
    user = apis[0].register()
    return user, twin(user, apis[1])


def assert_gapless(database: Database, user: User) -> list[dict[str, Any]]:
    events = events_of(database, user.id)
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    return events


def test_one_of_two_registrations_gets_the_name(apis: list[Api]) -> None:
    outcomes: Counter[tuple[int, ...]] = Counter()
    with ThreadPoolExecutor(2) as pool:
        for number in range(REGISTRATIONS):
            body = {"username": f"racer_{number}", "password": PASSWORD}
            bodies = [body | {"email": f"racer_{number}_{n}@example.org"} for n in range(2)]
            replies = at_once(
                pool,
                *(
                    lambda a=a, b=b: a.post("auth/register/", b)
                    for a, b in zip(apis, bodies, strict=True)
                ),
            )
            outcomes[tuple(sorted(reply.status for reply in replies))] += 1
            (refused,) = (reply for reply in replies if reply.status == 409)
            assert assert_problem(refused, 409, "already_exists")["errors"].keys() == {"username"}
    print(f"\n{REGISTRATIONS} rounds: {dict(outcomes)}")
    assert outcomes == {(201, 409): REGISTRATIONS}


def test_two_changes_of_different_fields_survive(
    users: tuple[User, User], module_database: Database
) -> None:
    one, two = users
    path = f"tasks/{one.create_task()['id']}/"
    with ThreadPoolExecutor(2) as pool:
        for number in range(ROUNDS):
            changes = {"title": f"Title {number}", "description": f"Description {number}"}
            replies = at_once(
                pool,
                lambda c=changes: one.put(path, {"title": c["title"]}),
                lambda c=changes: two.put(path, {"description": c["description"]}),
            )
            assert [reply.status for reply in replies] == [200, 200]
            assert succeed(one.get(path)).items() >= changes.items()
    events = assert_gapless(module_database, one)
    print(f"\n{ROUNDS} rounds: both survived, {len(events)} events")
    assert len(events) == 1 + 2 * ROUNDS


def test_deleted_task_stays_deleted(users: tuple[User, User], module_database: Database) -> None:
    one, two = users
    outcomes: Counter[int] = Counter()
    with ThreadPoolExecutor(2) as pool:
        for number in range(MOST_ROUNDS):
            if number >= ROUNDS and len(outcomes) > 1:
                break
            path = f"tasks/{one.create_task()['id']}/"
            changed, deleted = at_once(
                pool,
                lambda p=path, n=number: one.put(p, {"title": f"Back {n}"}),
                lambda p=path: two.delete(p),
            )
            assert deleted.status == 200
            outcomes[changed.status] += 1
            _assert_gone(one, path)
    events = assert_gapless(module_database, one)
    print(f"\n{outcomes.total()} rounds: PUT was answered {dict(outcomes)}")
    assert outcomes.keys() == {200, 404}
    last = {event["task_id"]: event["action"] for event in events}
    assert set(last.values()) == {"task_delete"}
    assert len(events) == 2 * outcomes.total() + outcomes[200]
    assert succeed(one.get("tasks/"))["count"] == 0


def _assert_gone(user: User, path: str) -> Reply:
    reply = user.get(path)
    assert_problem(reply, 404, "not_found")
    return reply


def test_one_of_two_conditional_writers_wins(
    users: tuple[User, User], module_database: Database
) -> None:
    one, two = users
    path = f"tasks/{one.create_task()['id']}/"
    with ThreadPoolExecutor(2) as pool:
        for number in range(ROUNDS):
            tag = {"If-Match": one.get(path).headers["ETag"]}
            replies = at_once(
                pool,
                lambda t=tag, n=number: one.put(path, {"title": f"One {n}"}, headers=t),
                lambda t=tag, n=number: two.put(path, {"title": f"Two {n}"}, headers=t),
            )
            assert sorted(reply.status for reply in replies) == [200, 412]
            winner, loser = sorted(replies, key=lambda reply: reply.status)
            assert_problem(loser, 412, "precondition_failed")
            assert loser.headers["ETag"] == winner.headers["ETag"]
    print(f"\n{ROUNDS} rounds: one won each")
    assert len(assert_gapless(module_database, one)) == 1 + ROUNDS


def test_one_key_makes_one_task(users: tuple[User, User], module_database: Database) -> None:
    with ThreadPoolExecutor(2) as pool:
        for number in range(ROUNDS):
            key = {"Idempotency-Key": f"key {number}"}
            one, two = at_once(
                pool,
                *(lambda u=u, k=key: u.post("tasks/", {"title": "Once"}, headers=k) for u in users),
            )
            assert succeed(one, 201) == succeed(two, 201)
    print(f"\n{ROUNDS} rounds: one task each")
    assert len(assert_gapless(module_database, users[0])) == ROUNDS
    assert succeed(users[0].get("tasks/"))["count"] == ROUNDS
