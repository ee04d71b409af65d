"""Clients that keep a connection and send nothing, or drip."""

import socket
from contextlib import ExitStack, suppress
from timeit import default_timer

import pytest

from tests.serving.conftest import ProbeServer
from tests.support.stage import GEVENT, MODES
from tests.support.waiting import wait_until


def drips_until_cut(sock: socket.socket) -> bool:
    """Send a byte at a time; the limit is 2 s here."""
    sock.setblocking(False)

    def drip() -> bool:
        try:
            sock.send(b"a")
            return sock.recv(4096) == b""
        except BlockingIOError:
            return False
        except ConnectionError:
            return True

    return wait_until(drip, seconds=20, every=0.2, what="cut")


@pytest.mark.parametrize("server", ["eventlet", GEVENT], indirect=True)
def test_silent_dripping_and_idle_clients_are_cut_and_streams_are_not(server: ProbeServer) -> None:
    with (
        server.connect() as stream,
        server.connect() as silent,
        server.connect() as dripping,
        server.connect() as idle,
    ):
        stream.request("GET", "/takeover")
        assert stream.sock.recv(4096).startswith(b"HTTP/1.1 101 ")
        idle.request("GET", "/livez")
        idle.response()
        dripping.send(b"GET / HTTP/1.1\r\nX: ")
        assert drips_until_cut(dripping.sock)
        assert silent.rest() == b""
        assert idle.rest() == b""
        stream.send(b"still here")
        assert stream.sock.recv(4096) == b"still here"


@pytest.mark.parametrize("server", MODES, indirect=True)
def test_a_client_that_drips_on_after_a_refusal_is_cut(server: ProbeServer) -> None:
    with server.connect() as client:
        client.send(b"GET / HTTP/1.1\r\nHost : localhost\r\n\r\n")
        assert client.rest().startswith(b"HTTP/1.1 400 ")

        def drip() -> bool:
            with suppress(ConnectionError):
                return not client.sock.send(b"a")
            return True

        wait_until(drip, seconds=10, every=0.8, what="cut")


@pytest.mark.parametrize("server", MODES, indirect=True)
def test_clients_that_do_not_hang_up_hold_up_nobody(server: ProbeServer) -> None:
    """With threads, the one that accepts for all waited 2 s for each."""
    with ExitStack() as stack:
        clients = [stack.enter_context(server.connect()) for _ in range(40)]
        begun = default_timer()
        for client in clients:
            client.request("GET", "/livez", "Connection: close")
        for client in clients:
            assert client.sock.recv(12) == b"HTTP/1.1 200"
        assert server.get("/pid").isdigit()
        assert default_timer() - begun < 40  # of 80
