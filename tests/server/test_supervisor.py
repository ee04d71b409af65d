"""Several processes on one port."""

import os
import signal

from tests.server.conftest import Start, TinyServer
from tests.support.process import listens
from tests.support.waiting import wait_until


def pids(server: TinyServer, count: int) -> set[int]:
    """Ask until so many processes have answered."""
    seen: set[int] = set()

    def ask() -> bool:
        seen.add(int(server.get("/pid")))
        return len(seen) >= count

    wait_until(ask, seconds=40, what=f"{count} processes answer")
    return seen


def test_killed_child_is_replaced_and_a_stop_is_graceful(start: Start) -> None:
    server = start("eventlet", WEB_CONCURRENCY="2")
    before = pids(server, 2)
    victim = before.pop()
    os.kill(victim, signal.SIGKILL)
    for _ in range(20):
        assert int(server.get("/pid")) != victim
    assert len(pids(server, 2) - {victim}) == 2
    with server.connect() as client:
        client.request("GET", "/slow")
        wait_until(lambda: "in flight" in server.text())
        server.child.terminate()
        assert client.response().body == b"finished"
        assert server.child.wait(15) == 0
    assert not listens(server.port)


def test_port_stays_while_all_children_are_dead_and_goes_with_the_parent(start: Start) -> None:
    server = start("threading", WEB_CONCURRENCY="2")
    for victim in pids(server, 2):
        os.kill(victim, signal.SIGKILL)
    assert server.get("/") == b"hello"
    server.kill()
    wait_until(lambda: not listens(server.port), what="all children gone")


def test_app_that_cannot_start_ends_the_parent_with_an_error(start: Start) -> None:
    server = start("threading", WEB_CONCURRENCY="2", FAIL_TO_START="1")
    assert server.child.wait(30) == 1
