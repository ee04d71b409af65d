"""Socket.IO's URL is one of ours: the same checks, the same headers, the same shape of errors."""

import json
from contextlib import closing
from http.client import HTTPConnection

import pytest
import websocket

from tests.serving.rawclient import RawClient
from tests.support.api import Api, through_http
from tests.support.asserts import assert_problem
from tests.support.server import Server
from tests.support.values import HANDSHAKE, HANDSHAKE_LINES

OPEN = "/socket.io/?EIO=4&transport=polling"
pytestmark = pytest.mark.parametrize("module_database", ["sqlite"], indirect=True)


@pytest.fixture
def anybody(module_server: Server) -> Api:
    return Api(through_http(module_server.url))


@pytest.mark.parametrize(
    ("path", "headers", "status", "code", "word"),
    [
        (OPEN, {"Origin": "https://elsewhere.example"}, 403, "forbidden", "origin"),
        (OPEN, {"Origin": "null"}, 403, "forbidden", "origin"),
        (OPEN, {"Host": "elsewhere.example"}, 400, "untrusted_host", "host"),
        ("/socket.io/", {}, 400, "malformed_request", "EIO=4"),
        ("/socket.io/?EIO=3&transport=polling", {}, 400, "malformed_request", "EIO=4"),
        (f"{OPEN}&EIO=5", {}, 400, "malformed_request", "EIO=4"),
        ("/socket.io/?EIO=4&transport=pigeon", {}, 400, "malformed_request", "read"),
        (f"{OPEN}&sid=unknown", {}, 400, "malformed_request", 'transports: ["websocket"]'),
        (f"{OPEN}&j=x", {}, 400, "malformed_request", "read"),
    ],
)
@pytest.mark.parametrize("upgrade", [{}, HANDSHAKE], ids=["polling", "websocket"])
def test_a_refusal_is_a_problem(
    anybody: Api,
    path: str,
    headers: dict[str, str],
    status: int,
    code: str,
    word: str,
    upgrade: dict[str, str],
) -> None:
    if upgrade:
        path = path.replace("polling", "websocket")
    problem = assert_problem(anybody.get(path, headers=headers | upgrade), status, code)
    assert word in problem["detail"]


def test_the_slash_may_be_left_out(anybody: Api) -> None:
    assert anybody.get(OPEN.replace("/?", "?")).body.startswith(b'0{"sid"')


def test_a_websocket_needs_its_handshake(anybody: Api) -> None:
    path = OPEN.replace("polling", "websocket")
    assert_problem(anybody.get(path), 400, "malformed_request")
    for missing in ("Sec-WebSocket-Key", "Sec-WebSocket-Version"):
        headers = {name: value for name, value in HANDSHAKE.items() if name != missing}
        assert_problem(anybody.get(path, headers=headers), 400, "malformed_request")


def test_other_methods_are_refused(anybody: Api) -> None:
    reply = anybody.put(OPEN, {})
    assert_problem(reply, 405, "method_not_allowed")
    assert {"GET", "POST"} <= set(reply.headers["Allow"].split(", "))


def test_its_answers_have_the_headers_of_all(anybody: Api) -> None:
    reply = anybody.get(OPEN)
    assert reply.status == 200
    assert reply.headers["X-Request-ID"]
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert "Access-Control-Allow-Origin" not in reply.headers


@pytest.mark.parametrize("path", [OPEN.replace("polling", "websocket"), "/ws/tasks/"])
@pytest.mark.parametrize(
    ("name", "value"),
    [("Transfer-Encoding", "gzip, chunked"), ("Content-Length", "0" * 21), ("X-Odd", "\x80\xff")],
)
def test_no_header_of_a_handshake_is_a_fault_of_ours(
    module_server: Server, path: str, name: str, value: str
) -> None:
    connection = HTTPConnection("127.0.0.1", module_server.port, timeout=10)
    connection.putrequest("GET", path)
    for pair in (HANDSHAKE | {name: value}).items():
        connection.putheader(*pair)
    connection.endheaders()
    assert connection.getresponse().status in (101, 400)
    connection.close()


@pytest.mark.parametrize("path", [OPEN.replace("polling", "websocket"), "/ws/tasks/"])
@pytest.mark.parametrize(("method", "version"), [("HEAD", "1.1"), ("GET", "1.0")])
def test_a_handshake_is_a_get_of_http_1_1(
    module_server: Server, path: str, method: str, version: str
) -> None:
    head = [
        f"{method} {path} HTTP/{version}",
        "Host: localhost",
        *HANDSHAKE_LINES,
    ]
    with RawClient(module_server.port) as client:
        client.send("\r\n".join([*head, "", ""]).encode())
        assert client.response(method).status in (400, 405)


def is_answered(link: websocket.WebSocket) -> bool:
    link.ping()
    return bool(link.recv_frame().opcode == websocket.ABNF.OPCODE_PONG)


def test_one_connection_has_one_websocket_and_ends_with_it(
    module_server: Server, anybody: Api
) -> None:
    sid = json.loads(anybody.get(OPEN).body[1:])["sid"]
    url = f"ws://127.0.0.1:{module_server.port}/socket.io/?EIO=4&transport=websocket&sid={sid}"
    with closing(websocket.create_connection(url, timeout=8)) as first:
        assert is_answered(first)
        second = websocket.create_connection(url, timeout=8)
        with closing(second), pytest.raises(websocket.WebSocketConnectionClosedException):
            second.recv()
        assert is_answered(first)
        assert anybody.post(f"{OPEN}&sid={sid}", data=b"1").status == 200
        with pytest.raises((websocket.WebSocketConnectionClosedException, ConnectionError)):
            first.recv_frame()
