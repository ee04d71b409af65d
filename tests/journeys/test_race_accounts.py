"""Two at once on one account: the database decides, and nothing is lost or left behind."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import pytest

from tests.support.api import PASSWORD, Api, Reply, User, succeed, through_http
from tests.support.asserts import assert_problem
from tests.support.databases import Database
from tests.support.racing import Act, at_once, twin
from tests.support.server import Server, lend_servers
from tests.support.tables import contents

# PostgreSQL only: what these race for is one row lock.
pytestmark = pytest.mark.parametrize("module_database", ["postgresql"], indirect=True)
T = TypeVar("T")
ROUNDS, MOST_ROUNDS = 300, 1500


@pytest.fixture(scope="module")
def module_server(
    module_database: Database, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """Two processes, so that even what never waits within one can meet the other."""
    with lend_servers(module_database.url, tmp_path_factory.mktemp("server")) as start:
        yield start(WEB_CONCURRENCY=2)


@pytest.fixture
def apis(module_server: Server) -> list[Api]:
    """Two clients, each with connections of its own."""
    return [Api(through_http(module_server.url)) for _ in range(2)]


def race(
    prepare: Callable[[int], tuple[Act, Act]], judge: Callable[[Reply, Reply], T], *expected: T
) -> None:
    """Race two acts ROUNDS times, or until each outcome has come; print how often each did."""
    outcomes: Counter[T] = Counter()
    with ThreadPoolExecutor(2) as pool:
        for number in range(MOST_ROUNDS):
            if number >= ROUNDS and outcomes.keys() >= set(expected):
                break
            outcomes[judge(*at_once(pool, *prepare(number)))] += 1
    print(f"\n{outcomes.total()} rounds: {dict(outcomes)}")
    assert outcomes.keys() == set(expected)


def test_refresh_twice_gives_the_same_pair(apis: list[Api]) -> None:
    user = apis[0].register()
    other = twin(user, apis[1])

    def prepare(_: int) -> tuple[Act, Act]:
        body = {"refresh": user.refresh}
        return tuple(lambda u=u: u.post("auth/token/refresh/", body) for u in (user, other))  # type: ignore[return-value]

    def judge(one: Reply, two: Reply) -> str:
        tokens = succeed(one)
        assert succeed(two) == tokens
        user.refresh = tokens["refresh"]
        return "the same pair"

    race(prepare, judge, "the same pair")


def test_log_out_wins_over_refresh(apis: list[Api]) -> None:
    name = apis[0].register().username
    now: dict[str, User] = {}

    def prepare(_: int) -> tuple[Act, Act]:
        now["user"] = user = apis[0].login(name)
        other = twin(user, apis[1])
        return (
            lambda: user.post("auth/logout/"),
            lambda: other.post("auth/token/refresh/", {"refresh": other.refresh}),
        )

    def judge(out: Reply, refreshed: Reply) -> str:
        succeed(out)
        outcome = "log-out first"
        tokens = {"access": now["user"].access, "refresh": now["user"].refresh}
        if refreshed.status == 200:
            outcome, tokens = "refresh first", refreshed.json
        else:
            assert_problem(refreshed, 401, "token_revoked")
        survivor = User(apis[0].transport, now["user"].account | {"tokens": tokens})
        assert_problem(survivor.get("auth/profile/"), 401, "token_revoked")
        body = {"refresh": survivor.refresh}
        assert_problem(survivor.post("auth/token/refresh/", body), 401, "token_revoked")
        return outcome

    race(prepare, judge, "log-out first", "refresh first")


def test_password_change_wins_over_log_in(apis: list[Api]) -> None:
    user, passwords = apis[0].register(), [PASSWORD]

    def prepare(number: int) -> tuple[Act, Act]:
        old, new = passwords[-1], f"staple battery {number}"
        passwords.append(new)
        body = {"old_password": old, "new_password_1": new, "new_password_2": new}
        credentials = {"username": user.username, "password": old}

        def log_in() -> Reply:
            for _ in range(number % 50):  # a change takes two hashes, a log-in one: begin later
                apis[1].get("/livez")
            return apis[1].post("auth/login/", credentials)

        return lambda: user.post("auth/profile/password/", body), log_in

    def judge(changed: Reply, login: Reply) -> str:
        succeed(changed)
        outcome = "change first"
        if login.status == 200:
            outcome = "log-in first"
            late = User(apis[1].transport, login.json)
            assert_problem(late.get("auth/profile/"), 401, "token_revoked")
        else:
            assert_problem(login, 401, "bad_credentials")
        assert len(succeed(user.get("auth/sessions/"))["results"]) == 1
        return outcome

    race(prepare, judge, "change first", "log-in first")
    assert apis[1].login(user.username, passwords[-1])  # the new password holds


def test_deletion_leaves_no_task_behind(apis: list[Api], module_database: Database) -> None:
    def prepare(_: int) -> tuple[Act, Act]:
        user = apis[0].register()
        other = twin(user, apis[1])
        user.create_task("Before")
        return (
            lambda: user.post("auth/profile/delete/", {"password": PASSWORD}),
            lambda: _create_until_refused(other),
        )

    def judge(deleted: Reply, created: Reply) -> str:
        succeed(deleted)
        assert_problem(created, 401, "token_revoked")
        return "gone"

    race(prepare, judge, "gone")
    left = contents(module_database)
    owners = {row[0] for row in left["users"]}
    for name in ("tasks", "events", "stream_heads", "sessions"):
        for row in left[name]:
            assert owners & set(map(str, row)), f"{name} of nobody: {row}"


def _create_until_refused(user: User) -> Reply:
    for _ in range(200):
        reply = user.post("tasks/", {"title": "During"})
        if reply.status != 201:
            return reply
    raise AssertionError("the account lives on")
