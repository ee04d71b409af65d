"""Two writers at once, against a real server on each database."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.api import PASSWORD, Api, User, succeed, through_http
from tests.support.asserts import assert_gapless, assert_problem
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
            assert_problem(one.get(path), 404, "not_found")
    events = assert_gapless(module_database, one.id)
    print(f"\n{outcomes.total()} rounds: PUT was answered {dict(outcomes)}")
    assert outcomes.keys() == {200, 404}
    last = {event["task_id"]: event["action"] for event in events}
    assert set(last.values()) == {"task_delete"}
    assert len(events) == 2 * outcomes.total() + outcomes[200]
    assert succeed(one.get("tasks/"))["count"] == 0


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
    assert len(assert_gapless(module_database, users[0].id)) == ROUNDS
    assert succeed(users[0].get("tasks/"))["count"] == ROUNDS
