"""Time at log-in: what it tells an attacker, and what it costs everybody else."""

import random
import statistics
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter

import pytest

from tests.support.api import PASSWORD, Api, register_at, succeed, through_http
from tests.support.databases import Database
from tests.support.server import Server

pytestmark = pytest.mark.alone

TRIES = 200
LOGINS = 30
WAVES = 5


def seconds(act: Callable[[], object]) -> float:
    started = perf_counter()
    act()
    return perf_counter() - started


def p99(series: list[float]) -> float:
    """In milliseconds."""
    return statistics.quantiles(series, n=100)[98] * 1000


def test_known_and_unknown_users_take_the_same_time(server: Server) -> None:
    api = Api(through_http(server.url))
    known = api.register().username

    def attempt(username: str) -> None:
        body = {"username": username, "password": "a wrong password"}
        assert api.post("auth/login/", body).status == 401

    times: dict[str, list[float]] = {"known": [], "again": [], "unknown": []}
    names, chance = list(times), random.Random(1)  # noqa: S311 - not a secret
    attempt("nobody_at_all")
    for number in range(TRIES):  # in turn, so that a busy machine meets all three alike
        chance.shuffle(names)
        for name in names:
            username = f"nobody_{number}" if name == "unknown" else known
            times[name].append(seconds(lambda username=username: attempt(username)))
    medians = {name: statistics.median(series) * 1000 for name, series in times.items()}
    difference = abs((medians["known"] + medians["again"]) / 2 - medians["unknown"])
    noise = abs(medians["known"] - medians["again"])
    print(f"\nmedians over {TRIES} tries, ms: {medians}; difference {difference:.2f}, "
          f"noise {noise:.2f}")  # fmt: skip
    assert difference < max(4 * noise, 0.1 * medians["known"])


def test_logins_do_not_hold_up_others(server: Server, database: Database) -> None:
    name = register_at(server.url).username
    clients = [Api(through_http(server.url)) for _ in range(LOGINS)]
    for client in clients:
        succeed(client.get("/livez"))  # connected
    watcher = Api(through_http(server.url))
    quiet = p99([seconds(lambda: watcher.get("/livez")) for _ in range(500)])
    waves = []
    for _ in range(WAVES):
        busy: list[float] = []
        with ThreadPoolExecutor(LOGINS) as pool:
            logins = [pool.submit(client.login, name, PASSWORD) for client in clients]
            while not all(login.done() for login in logins):
                busy.append(seconds(lambda: succeed(watcher.get("/livez"))))
            assert len({login.result().access for login in logins}) == LOGINS
        assert len(busy) > 20
        waves.append(p99(busy))
    print(f"\n/livez p99 on {database.backend}: with {LOGINS} log-ins at once "
          f"{', '.join(f'{wave:.1f}' for wave in waves)} ms, {quiet:.1f} ms before")  # fmt: skip
    assert statistics.median(waves) < 100


@pytest.fixture
def server(start_server: Callable[..., Server]) -> Server:
    """The default: eventlet."""
    return start_server(ASYNC_MODE="eventlet")
