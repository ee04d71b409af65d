"""The queue for slow work: two run, some wait, the next is refused at once; nobody else waits."""

import fcntl
from concurrent.futures import FIRST_COMPLETED as FIRST
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import pytest
import requests

from tests.serving.conftest import Start
from tests.support.api import Reply, through_http
from tests.support.asserts import assert_problem
from tests.support.stage import MODES

WAITING = 3


@pytest.mark.parametrize("mode", MODES)
def test_one_too_many_is_refused_at_once(start: Start, tmp_path: Path, mode: str) -> None:
    lock = tmp_path / "held"
    with lock.open("w") as held, ThreadPoolExecutor() as clients:
        fcntl.flock(held, fcntl.LOCK_EX)
        server = start(mode, HELD=lock, HASHING_QUEUE=WAITING)

        def ask(_: int) -> Reply:
            return through_http(server.url)("GET", "/held")

        asked = [clients.submit(ask, number) for number in range(2 + WAITING + 1)]
        (refused,) = wait(asked, 30, FIRST).done
        assert_problem(refused.result(), 503, "unavailable")
        assert refused.result().headers["Retry-After"] == "1"
        assert requests.get(f"{server.url}/livez", timeout=5).ok
        assert [one for one in asked if one.done()] == [refused]
        fcntl.flock(held, fcntl.LOCK_UN)
        assert sorted(one.result(30).status for one in asked) == [200] * (2 + WAITING) + [503]
