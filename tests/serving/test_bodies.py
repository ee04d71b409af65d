"""Bodies that are long or nobody wants (`ops/requests.py`): others are served meanwhile."""

import select
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest

from taskmaster.ops import requests
from tests.serving.conftest import ProbeServer
from tests.support.stage import MODES

MIB = 2**20
CHUNKS = 300_000  # of one byte: about a second of work


@pytest.mark.parametrize("server", MODES, indirect=True)
@pytest.mark.parametrize("path", ["/echo", "/unread"])
def test_others_have_their_turn_while_a_body_is_read(server: ProbeServer, path: str) -> None:
    """As long as bytes are there, gunicorn would wait for nothing."""
    with ThreadPoolExecutor() as pool, server.connect() as client:
        client.request("POST", path, "Transfer-Encoding: chunked")
        body = b"1\r\n \r\n" * CHUNKS + b"0\r\n\r\n"
        sent = pool.submit(client.send, body + b"GET /pid HTTP/1.1\r\nHost: localhost\r\n\r\n")
        if path == "/unread":
            assert client.response().status == 401
        with server.connect() as other:
            for _ in range(10):
                other.request("GET", "/livez")
                assert other.response().status == 200
        assert select.select([client.sock], [], [], 0)[0] == []  # the body is still read
        if path == "/echo":  # of a body that nobody wants, reading may end
            assert client.response().body == b" " * CHUNKS
            sent.result()
            assert client.response().body.isdigit()


@pytest.mark.parametrize("server", MODES, indirect=True)
@pytest.mark.parametrize("head", ["Content-Length: 100000000000", "Transfer-Encoding: chunked"])
def test_a_refused_body_that_does_not_end_is_cut(server: ProbeServer, head: str) -> None:
    """The reply arrives, and the client learns by an error that nobody reads on."""
    with server.connect() as client:
        client.request("POST", "/unread", head)
        select.select([client.sock], [], [], 30)
        with pytest.raises(ConnectionError):
            client.send((b"100000\r\n" + b"x" * MIB + b"\r\n") * 64)
        assert client.response().status == 401


@pytest.mark.parametrize("server", ["eventlet"], indirect=True)
def test_a_body_is_read_to_its_end_before_the_connection_closes(server: ProbeServer) -> None:
    with server.connect() as client:
        client.request("POST", "/unread", f"Content-Length: {MIB}", "Connection: close")
        for _ in range(4):
            client.send(b"x" * (MIB // 4))
            server.get("/pid")  # by now it has read what was sent
        assert client.rest().endswith(b"no")


def test_little_is_read_ahead() -> None:
    """With each KiB gunicorn copies all that it has not handed out yet."""
    mine, theirs = socket.socketpair()
    with mine, theirs:
        theirs.sendall(b"x" * 200_000)
        reader = requests.Unreader(mine)
        assert reader.read(10, read_ahead=200_000) == b"x" * 10
        assert len(reader.take_buffered()) == requests.MAX_READ - 10
