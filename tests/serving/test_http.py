"""HTTP as clients see it, in each way to serve: framing, kept connections, limits, streams."""

import json
import socket
from collections.abc import Sequence
from contextlib import ExitStack

import pytest

from tests.serving.conftest import ProbeServer, Start
from tests.serving.rawclient import RawClient
from tests.support.stage import MODES
from tests.support.waiting import wait_until

CHUNKED = "Transfer-Encoding: chunked"
MIB = 1024 * 1024
# What is promised in production only, where gunicorn serves.
by_gunicorn = pytest.mark.parametrize("server", MODES, indirect=True)
POST = b"POST /echo HTTP/1.1\r\nHost: localhost\r\n"
NEXT = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"


def problem(client: RawClient, method: str = "GET") -> tuple[int, str]:
    """Return status and code of a refusal in the one shape, as everywhere in the API."""
    answer = client.response(method)
    body = json.loads(answer.body)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert body["status"] == answer.status
    assert body["request_id"] == answer.headers["X-Request-ID"]
    return answer.status, body["code"]


def refusals(server: ProbeServer, requests: Sequence[bytes]) -> list[tuple[int, str]]:
    """Send each on a connection of its own with a request behind it, which must not be answered."""
    with ExitStack() as stack:
        clients = [stack.enter_context(server.connect()) for _ in requests]
        for client, request in zip(clients, requests, strict=True):
            client.send(request + NEXT)
        found = [problem(client) for client in clients]
        assert [client.rest() for client in clients] == [b""] * len(clients)
        return found


@by_gunicorn
def test_connection_serves_one_request_after_another(server: ProbeServer) -> None:
    with server.connect() as client:
        for number in range(3):
            client.request("POST", "/echo", body=b"%d" % number)
            assert client.response().body == b"%d" % number


@by_gunicorn
def test_pipelined_requests_are_answered_in_order(server: ProbeServer) -> None:
    with server.connect() as client:
        head = POST + b"Content-Length: 1\r\n\r\n"
        client.send(head + b"1" + head + b"2")
        assert [client.response().body for _ in range(2)] == [b"1", b"2"]


def test_http_1_0_is_closed(server: ProbeServer) -> None:
    with server.connect() as client:
        client.send(b"GET /mode HTTP/1.0\r\nHost: localhost\r\n\r\n")
        assert client.rest().endswith(server.get("/mode"))


def test_head_has_headers_only(server: ProbeServer) -> None:
    with server.connect() as client:
        client.request("HEAD", "/livez", "Connection: close")
        head, _, body = client.rest().partition(b"\r\n\r\n")
        assert (b"Content-Length: 15" in head, body) == (True, b"")


def test_chunked_body_is_read(server: ProbeServer) -> None:
    with server.connect() as client:
        client.request("POST", "/echo", CHUNKED)
        client.send(b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
        assert client.response().body == b"abcde"


@by_gunicorn
def test_malformed_chunks_are_refused_and_end_the_connection(server: ProbeServer) -> None:
    head = POST + CHUNKED.encode() + b"\r\n\r\n"
    bodies = (
        b"x\r\nabc\r\n0\r\n\r\n",
        b"-1\r\nabc\r\n0\r\n\r\n",
        b"3\r\nabcd\r\n0\r\n\r\n",
        b"\r\n\r\n",
        b"3" + b";" * 9000,
    )
    expected = [(400, "malformed_request")] * len(bodies)
    assert refusals(server, [head + body for body in bodies]) == expected


@by_gunicorn
def test_a_request_whose_end_is_unclear_is_refused(server: ProbeServer) -> None:
    """Else a proxy may see another request than we do (RFC 9112, section 11.2)."""
    heads = (
        b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
        b"Content-Length : 3\r\n\r\nabc",
        b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        b"Transfer-Encoding : chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        b"Transfer-Encoding: identity\r\n\r\n",
        b"Transfer-Encoding: chunked, gzip\r\n\r\n",
        b"Transfer-Encoding: something\r\n\r\n",
        b"Content-Length: -1\r\n\r\n",
        b"Content-Length: 1_0\r\n\r\n",
        b"Content-Length: +5\r\n\r\n",
        b"X: a\r\n b\r\n\r\n",
    )
    expected = [(400, "malformed_request")] * len(heads)
    assert refusals(server, [POST + head for head in heads]) == expected


@by_gunicorn
def test_unreadable_head_is_refused(server: ProbeServer) -> None:
    get = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n"
    heads = {
        b"nonsense\r\n\r\n": 400,
        b"GET /livez HTTP/2.0\r\n\r\n": 400,
        b"GET /livez HTTP/one\r\n\r\n": 400,
        b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n": 414,
        get + b"X: " + b"a" * 70_000 + b"\r\n\r\n": 431,
        get + b"X: y\r\n" * 101 + b"\r\n": 431,
        get + b"Expect: something\r\n\r\n": 417,
    }
    expected = [(status, "malformed_request") for status in heads.values()]
    assert refusals(server, list(heads)) == expected


def test_method_that_nobody_knows_is_not_allowed(server: ProbeServer) -> None:
    for method in ("BREW", "brew", "X"):
        with server.connect() as client:
            client.request(method, "/livez")
            assert problem(client) == (405, "method_not_allowed")


def test_long_url_and_header_pass(server: ProbeServer) -> None:
    with server.connect() as client:
        client.request("GET", "/mode?" + "a" * 8_000, "X-Long: " + "b" * 8_000)
        assert client.response().body in {b"eventlet", b"gevent", b"threading"}


@by_gunicorn
def test_headers_of_no_trusted_proxy_change_nothing(server: ProbeServer) -> None:
    forged = ("X-Forwarded-Proto: https", "X-Forwarded-SSL: on", "SCRIPT_NAME: /a", "PATH_INFO: /b")
    for header in forged:
        with server.connect() as client:
            client.request("GET", "/scheme", header)
            assert client.response().body == b"http ", header


@by_gunicorn
def test_unread_body_does_not_poison_the_connection(server: ProbeServer) -> None:
    with server.connect() as client:
        client.request("POST", "/unread", body=NEXT * (MIB // len(NEXT)))
        assert client.response().status == 401
        client.request("GET", "/pid")
        assert client.response().body.isdigit()


def test_body_over_the_limit_is_answered(server: ProbeServer) -> None:
    """The answer arrives although the body is not read."""
    with server.connect() as client:
        client.request("POST", "/echo", "Content-Length: 4000000")
        assert problem(client) == (413, "too_large")


@by_gunicorn
def test_answer_arrives_although_the_connection_ends_over_an_unread_body(
    server: ProbeServer,
) -> None:
    with server.connect() as client:
        client.request("POST", "/echo", "Content-Length: 4000000", "Connection: close")
        client.send(b"x" * 50_000)
        wait_until(lambda: client.sock.recv(1, socket.MSG_PEEK), what="an answer")
        assert problem(client) == (413, "too_large")
        assert client.rest() == b""  # and no reset


@pytest.mark.parametrize("chunks", [[MIB + 1], [MIB, 1]], ids=["one", "together"])
def test_chunked_body_over_the_limit_is_refused(server: ProbeServer, chunks: list[int]) -> None:
    with server.connect() as client:
        client.request("POST", "/echo", CHUNKED)
        for size in chunks:
            client.send(b"%x\r\n" % size + b"x" * size + b"\r\n")
        client.send(b"0\r\n\r\n")
        assert problem(client) == (413, "too_large")


def test_chunked_body_of_just_the_limit_is_read(server: ProbeServer) -> None:
    with server.connect() as client:
        client.request("POST", "/echo", CHUNKED)
        client.send(b"%x\r\n" % MIB + b"x" * MIB + b"\r\n0\r\n\r\n")
        assert len(client.response().body) == MIB


@by_gunicorn
def test_expect_continue_is_answered(server: ProbeServer) -> None:
    with server.connect() as client:
        client.request("POST", "/echo", "Expect: 100-continue", "Content-Length: 2")
        assert client.sock.recv(4096).startswith(b"HTTP/1.1 100 Continue\r\n\r\n")
        client.send(b"hi")
        assert client.response().body == b"hi"


def test_stream_sends_each_piece_at_once(server: ProbeServer) -> None:
    with server.connect() as client:
        client.request("GET", "/stream")
        received = wait_until(lambda: client.sock.recv(4096).partition(b"data: ")[2])
        assert b"data: 1" not in received


def test_app_takes_the_connection_over(server: ProbeServer) -> None:
    with server.connect() as client:
        client.request("GET", "/takeover", "Upgrade: echo", "Connection: Upgrade")
        assert client.sock.recv(4096).startswith(b"HTTP/1.1 101 ")
        for word in (b"one", b"two", b"time out", b"bye"):
            client.send(word)
            assert client.sock.recv(4096) == word
        assert client.rest() == b""


def test_blocking_work_returns_its_result(server: ProbeServer) -> None:
    assert server.get("/blocking") == b"done"


def test_clients_that_leave_in_the_middle_leave_no_trace(server: ProbeServer) -> None:
    """The fixture's end asserts that no traceback was printed."""
    for begun in (
        b"",
        b"GET",
        POST + b"Content-Length: 9\r\n\r\nx",
        POST + b"Transfer-Encoding: chunked\r\n\r\n5\r\nx",
        b"GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /takeover HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ):
        with server.connect() as client:
            client.send(begun)
    assert server.get("/pid").isdigit()


@pytest.mark.parametrize("mode", MODES)
def test_a_response_that_breaks_off_is_logged_and_ends_the_connection(
    start: Start, mode: str
) -> None:
    server = start(mode)
    with server.connect() as client:
        client.request("GET", "/broken")
        assert client.rest().endswith(b"\r\n\r\n7\r\na piece\r\n")
    wait_until(lambda: "ArithmeticError: in the middle" in server.text(), what="the fault logged")
