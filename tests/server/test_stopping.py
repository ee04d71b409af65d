"""SIGTERM and SIGINT: finish what is in flight, refuse the rest, leave in time."""

import signal

import pytest

from tests.server.conftest import MODES, Start, TinyServer
from tests.support.process import listens
from tests.support.waiting import wait_until


def wait_for_line(server: TinyServer, line: str) -> None:
    wait_until(lambda: line in server.text(), what=line)


@pytest.mark.parametrize(
    ("mode", "number"),
    [*((mode, signal.SIGTERM) for mode in MODES), ("eventlet", signal.SIGINT)],
)
def test_request_in_flight_is_answered(start: Start, mode: str, number: int) -> None:
    server = start(mode)
    with server.connect() as client, server.connect() as idle:
        client.request("GET", "/slow")
        wait_for_line(server, "in flight")
        assert "on_start" in server.text()
        assert "on_stop" not in server.text()
        server.child.send_signal(number)
        wait_for_line(server, "on_stop")
        assert not listens(server.port)
        answer = client.response()
        assert (answer.body, answer.headers["Connection"]) == (b"finished", "close")
        assert idle.rest() == b""
        assert server.child.wait(5) == 0
    assert "Traceback" not in server.text()


@pytest.mark.parametrize("mode", MODES)
def test_what_does_not_finish_is_cut_in_time(start: Start, mode: str) -> None:
    server = start(mode, SHUTDOWN_SECONDS="0.5")
    with server.connect() as client, server.connect() as stream:
        client.request("GET", "/forever")
        stream.request("GET", "/hijack")
        wait_for_line(server, "in flight")
        assert server.terminate(seconds=2) == 0
        assert client.rest() == b""
    assert "Traceback" not in server.text()
