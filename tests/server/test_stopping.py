"""SIGTERM and SIGINT: finish what is in flight, refuse the rest, leave in time."""

import signal

import pytest

from tests.server.conftest import MODES, Start
from tests.support.process import listens
from tests.support.waiting import wait_until


@pytest.mark.parametrize(
    ("mode", "number"),
    [*((mode, signal.SIGTERM) for mode in MODES), ("eventlet", signal.SIGINT)],
)
def test_requests_in_flight_are_answered_or_cut_in_time(
    start: Start, mode: str, number: int
) -> None:
    server = start(mode, SHUTDOWN_SECONDS="1")
    with (
        server.connect() as client,
        server.connect() as idle,
        server.connect() as stream,
        server.connect() as endless,
    ):
        client.request("GET", "/slow")
        endless.request("GET", "/forever")
        stream.request("GET", "/hijack")
        wait_until(lambda: server.text().count("in flight") == 2, what="two in flight")
        assert stream.sock.recv(4096).startswith(b"HTTP/1.1 101 ")
        assert "on_start" in server.text()
        assert "on_stop" not in server.text()
        server.child.send_signal(number)
        wait_until(lambda: "on_stop" in server.text(), what="on_stop")
        assert not listens(server.port)
        assert idle.rest() == b""
        stream.send(b"still here")
        assert stream.sock.recv(4096) == b"still here"
        answer = client.response()
        assert (answer.body, answer.headers["Connection"]) == (b"finished", "close")
        assert stream.rest() == endless.rest() == b""
        assert server.child.wait(10) == 0
    assert "Traceback" not in server.text()
