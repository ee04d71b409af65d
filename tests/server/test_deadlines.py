"""Clients that keep a connection and send nothing, or drip."""

import socket
from contextlib import ExitStack

from tests.server.conftest import Start, TinyServer
from tests.support.waiting import wait_until


def drips_until_cut(sock: socket.socket, drop: bytes) -> bool:
    """Send a byte at a time; the limit is 1 s in the tiny app."""
    sock.setblocking(False)

    def drip() -> bool:
        try:
            sock.send(drop)
            return sock.recv(4096) == b""
        except BlockingIOError:
            return False
        except ConnectionError:
            return True

    return wait_until(drip, seconds=20, every=0.2, what="cut")


def test_silent_dripping_and_idle_clients_are_cut_and_streams_are_not(server: TinyServer) -> None:
    with (
        server.connect() as stream,
        server.connect() as silent,
        server.connect() as dripping,
        server.connect() as body,
        server.connect() as idle,
    ):
        stream.request("GET", "/hijack")
        assert stream.sock.recv(4096).startswith(b"HTTP/1.1 101 ")
        idle.request("GET", "/")
        idle.response()
        dripping.send(b"GET / HTTP/1.1\r\nX: ")
        body.request("POST", "/echo", "Content-Length: 1000")
        assert drips_until_cut(dripping.sock, b"a")
        assert drips_until_cut(body.sock, b"a")
        assert silent.rest() == b""
        assert idle.rest() == b""
        stream.send(b"still here")
        assert stream.sock.recv(4096) == b"still here"


def test_running_out_of_descriptors_is_survived(start: Start) -> None:
    server = start("eventlet", DESCRIPTORS="40")
    with ExitStack() as stack:
        for _ in range(60):
            stack.enter_context(server.connect())
    assert server.get("/") == b"hello"
