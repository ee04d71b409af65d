"""What every async mode must do alike: framing, keep-alive, limits, hijacking."""

import re
from collections.abc import Sequence
from contextlib import ExitStack

import pytest

from tests.server.conftest import TinyServer
from tests.support.waiting import wait_until

CHUNKED = "Transfer-Encoding: chunked"
# werkzeug answers one request a connection.
keeps_connections = pytest.mark.parametrize("server", ["eventlet", "gevent"], indirect=True)
CHUNKED_HEAD = f"POST /echo HTTP/1.1\r\nHost: a\r\n{CHUNKED}\r\n\r\n".encode()


def answers(server: TinyServer, head: bytes, rests: Sequence[bytes]) -> list[bytes]:
    """Send each on a connection of its own, all at once; return what came until the end."""
    with ExitStack() as stack:
        clients = [stack.enter_context(server.connect()) for _ in rests]
        for client, rest in zip(clients, rests, strict=True):
            client.send(head + rest)
        return [client.rest() for client in clients]


@keeps_connections
def test_connection_serves_one_request_after_another(server: TinyServer) -> None:
    with server.connect() as client:
        for number in range(3):
            client.request("POST", "/echo", body=b"%d" % number)
            assert client.response().body == b"%d" % number


@keeps_connections
def test_pipelined_requests_are_answered_in_order(server: TinyServer) -> None:
    with server.connect() as client:
        head = b"POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\n"
        client.send(head + b"1" + head + b"2")
        assert [client.response().body for _ in range(2)] == [b"1", b"2"]


@keeps_connections
def test_http_1_0_is_closed_unless_kept(server: TinyServer) -> None:
    with server.connect() as client:
        client.send(b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        assert client.response().headers["Connection"] == "keep-alive"
        client.send(b"GET / HTTP/1.0\r\n\r\n")
        assert client.rest().endswith(b"hello")


@keeps_connections
def test_head_has_headers_only(server: TinyServer) -> None:
    with server.connect() as client:
        client.request("HEAD", "/")
        answer = client.response("HEAD")
        assert (answer.headers["Content-Length"], answer.body) == ("5", b"")
        client.request("GET", "/")
        assert client.response().body == b"hello"


@keeps_connections
def test_chunked_body_is_read(server: TinyServer) -> None:
    with server.connect() as client:
        client.request("POST", "/echo", CHUNKED)
        client.send(b"3;extension=1\r\nabc\r\n2\r\nde\r\n0\r\nTrailer: x\r\n\r\n")
        assert client.response().body == b"abcde"
        client.request("GET", "/")
        assert client.response().body == b"hello"


def test_malformed_chunks_are_no_fault_of_ours(server: TinyServer) -> None:
    """Refused, cut off, or read as far as the library understands them."""
    bodies = (
        b"x\r\nabc\r\n0\r\n\r\n",
        b"-1\r\nabc\r\n0\r\n\r\n",
        b"3\r\nabcd\r\n0\r\n\r\n",
        b"ffffffffffffffffffff\r\nabc",
        b"\r\n\r\n",
        b"3" + b";" * 9000,
    )
    for body, answer in zip(bodies, answers(server, CHUNKED_HEAD, bodies), strict=True):
        pattern = rb"HTTP/1.1 400 |HTTP/1.1 200 [^{]*\r\nabc$|$"
        assert re.match(pattern, answer, re.DOTALL), (body, answer)
    assert server.get("/") == b"hello"


def test_connection_ends_after_malformed_chunks(server: TinyServer) -> None:
    with server.connect() as client:
        client.request("POST", "/echo", CHUNKED)
        client.send(b"x\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")
        answer = client.rest()
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert answer.count(b"HTTP/1.1") == 1


def test_unreadable_head_is_refused_and_the_end(server: TinyServer) -> None:
    post = b"POST / HTTP/1.1\r\nHost: a\r\n"
    heads = (
        b"nonsense\r\n\r\n",
        b"GET / HTTP/2.0\r\n\r\n",
        b"GET / HTTP/one\r\n\r\n",
        post + b"Content-Length: -1\r\n\r\n",
        post + b"Content-Length: 1_0\r\n\r\n",
        post + b"Content-Length: +5\r\n\r\n",
        post + b"Transfer-Encoding: gzip, chunked\r\n\r\n",
        b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 70_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 101 + b"\r\n",
    )
    for head, answer in zip(heads, answers(server, b"", heads), strict=True):
        # http.server leaves the status line out where it could not read the version.
        assert re.match(rb"(HTTP/1.[01] |{.*.status.: )(4\d\d|505)\D", answer), (head, answer)
        assert answer.count(b"HTTP/1.") <= 1


def test_long_url_and_header_pass(server: TinyServer) -> None:
    with server.connect() as client:
        client.request("GET", "/?" + "a" * 30_000, "X-Long: " + "b" * 30_000)
        assert client.response().body == b"hello"


@keeps_connections
def test_unread_body_does_not_poison_the_connection(server: TinyServer) -> None:
    with server.connect() as client:
        client.request("POST", "/unread", body=b"GET /none HTTP/1.1\r\n\r\n" * 1000)
        assert client.response().status == 401
        client.request("GET", "/")
        assert client.response().body == b"hello"


def test_body_over_the_limit_is_answered(server: TinyServer) -> None:
    """Above what is worth draining: the answer arrives although the body is not read."""
    with server.connect() as client:
        client.request("POST", "/echo", "Content-Length: 4000000")
        client.send(b"x" * 500_000)
        assert client.response().status == 413


@keeps_connections
def test_chunked_body_over_the_limit_is_refused(server: TinyServer) -> None:
    with server.connect() as client:
        client.request("POST", "/echo", CHUNKED)
        client.send(b"800\r\n" + b"x" * 0x800 + b"\r\n0\r\n\r\n")
        assert client.response().status == 413
        client.request("GET", "/")
        assert client.response().body == b"hello"


def test_chunks_that_pass_the_limit_together_are_refused(server: TinyServer) -> None:
    with server.connect() as client:
        client.request("POST", "/echo", CHUNKED)
        client.send(b"400\r\n" + b"x" * 0x400 + b"\r\n1\r\nx\r\n0\r\n\r\n")
        assert client.response().status == 413


def test_expect_continue_is_answered_when_the_body_is_wanted(server: TinyServer) -> None:
    with server.connect() as client:
        client.request("POST", "/echo", "Expect: 100-continue", "Content-Length: 2")
        assert client.sock.recv(4096).startswith(b"HTTP/1.1 100 Continue\r\n\r\n")
        client.send(b"hi")
        assert client.response().body == b"hi"


def test_expect_continue_is_refused_without_waiting_for_the_body(server: TinyServer) -> None:
    with server.connect() as client:
        client.request("POST", "/unread", "Expect: 100-continue", "Content-Length: 2")
        assert client.response().status == 401


def test_stream_sends_each_piece_at_once(server: TinyServer) -> None:
    with server.connect() as client:
        client.request("GET", "/stream")
        received = wait_until(lambda: client.sock.recv(4096).partition(b"data: ")[2])
        assert b"data: 1" not in received


def test_app_takes_the_connection_over(server: TinyServer) -> None:
    with server.connect() as client:
        client.request("GET", "/hijack", "Upgrade: echo", "Connection: Upgrade")
        assert client.sock.recv(4096).startswith(b"HTTP/1.1 101 ")
        for word in (b"one", b"two", b"time out", b"bye"):
            client.send(word)
            assert client.sock.recv(4096) == word
        assert client.rest() == b""  # what the app answers besides is swallowed


def test_blocking_work_returns_its_result(server: TinyServer) -> None:
    assert server.get("/blocking") == b"done"


def test_clients_that_leave_in_the_middle_leave_no_trace(server: TinyServer) -> None:
    """The fixture's end asserts that nothing was printed."""
    for begun in (
        b"",
        b"GET",
        b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx",
        b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nx",
        b"GET /stream HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /hijack HTTP/1.1\r\nHost: a\r\n\r\n",
    ):
        with server.connect() as client:
            client.send(begun)
    assert server.get("/") == b"hello"
