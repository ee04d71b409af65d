"""SIGTERM and SIGINT: finish what is in flight, refuse the rest, leave in time."""

import http.client
import signal
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest

from tests.serving.conftest import ProbeServer, Start
from tests.support.process import listens
from tests.support.stage import MODES
from tests.support.waiting import wait_until

pytestmark = pytest.mark.journey


@pytest.mark.parametrize("mode", MODES)
def test_requests_in_flight_are_answered_or_cut_in_time(start: Start, mode: str) -> None:
    server = start(mode, SHUTDOWN_SECONDS=3)
    with (
        server.connect() as client,
        server.connect() as idle,
        server.connect() as stream,
        server.connect() as endless,
    ):
        idle.request("GET", "/pid")
        idle.response()
        client.request("GET", "/slow")
        endless.request("GET", "/forever")
        stream.request("GET", "/takeover")
        wait_until(lambda: server.text().count("in flight") == 2, what="two in flight")
        assert stream.sock.recv(4096).startswith(b"HTTP/1.1 101 ")
        assert "on_start" in server.text()
        assert "on_stop" not in server.text()
        server.child.terminate()
        wait_until(lambda: "on_stop" in server.text(), what="on_stop")
        stream.send(b"still here")
        assert stream.sock.recv(4096) == b"still here"
        assert client.response().body == b"finished"
        assert idle.rest() == stream.rest() == endless.rest() == b""
        assert server.child.wait(20) == 0
    assert not listens(server.port)
    wait_until(lambda: not server.any_left, what="nobody left")
    assert "Traceback" not in server.text()


def ask_until_refused(server: ProbeServer) -> int:
    """Ask again and again on a kept connection; return the number of whole answers."""
    client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    for number in count():
        if client.sock is None:
            try:
                client.connect()
            except ConnectionRefusedError:
                return number
        client.request("GET", "/pid")
        with client.getresponse() as answer:
            assert answer.read().isdigit()
    raise AssertionError


def test_under_load_all_that_was_asked_is_answered(start: Start) -> None:
    server = start(WEB_CONCURRENCY=2)
    with ThreadPoolExecutor(16) as clients:
        asking = [clients.submit(ask_until_refused, server) for _ in range(16)]
        wait_until(lambda: server.text().count("/pid") > 100, what="load")
        server.child.terminate()
        assert sum(one.result() for one in asking) > 100
    assert server.child.wait(20) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_nothing_in_flight_stops_at_once(start: Start, number: int) -> None:
    server = start(SHUTDOWN_SECONDS=60)
    with server.connect() as kept, server.connect() as idle:
        for client in (kept, idle):
            client.request("GET", "/pid")
            client.response()
        server.child.send_signal(number)
        wait_until(lambda: "on_stop" in server.text(), what="on_stop")
        kept.request("GET", "/pid")  # it cannot have known
        answer = kept.response()
        assert (answer.status, answer.headers["Connection"]) == (200, "close")
        assert idle.rest() == b""
        assert server.child.wait(10) == 0
