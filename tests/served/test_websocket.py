"""For the plain WebSocket alone: frames that arrive together."""

import json
from collections.abc import Iterator
from contextlib import closing

import pytest
import websocket
from websocket import ABNF

from tests.support.api import User
from tests.support.databases import Database
from tests.support.server import Server
from tests.support.tables import rename


def connect(server: Server, query: str = "") -> websocket.WebSocket:
    url = server.url.replace("http", "ws", 1) + "/ws/tasks/" + query
    return websocket.create_connection(url, timeout=5)


@pytest.fixture
def link(server: Server) -> Iterator[websocket.WebSocket]:
    """A connection that has not said yet who it is."""
    with closing(connect(server)) as link:
        yield link


def authenticate(user: User, **body: object) -> ABNF:
    body = {"action": "authenticate", "token": user.access, **body}
    return ABNF.create_frame(json.dumps(body), ABNF.OPCODE_TEXT)


def read_until(link: websocket.WebSocket, opcode: int, start: bytes) -> None:
    """Read frames until one begins like this."""
    while (frame := link.recv_frame()).opcode != opcode or not frame.data.startswith(start):
        assert frame.opcode != ABNF.OPCODE_CLOSE, frame


def send_together(link: websocket.WebSocket, *frames: ABNF) -> None:
    link.sock.sendall(b"".join(frame.format() for frame in frames))


@pytest.mark.parametrize(
    ("second", "answer", "start"),
    [
        (ABNF.create_frame(b"x", ABNF.OPCODE_PING), ABNF.OPCODE_PONG, b"x"),
        (ABNF.create_frame("{}", ABNF.OPCODE_TEXT), ABNF.OPCODE_TEXT, b'{"action":"error"'),
        (ABNF.create_frame(b"\x03\xe8", ABNF.OPCODE_CLOSE), ABNF.OPCODE_CLOSE, b"\x03\xe8"),
    ],
    ids=["ping", "message", "close"],
)
def test_what_comes_with_the_token_is_answered_at_once(
    link: websocket.WebSocket, user: User, second: ABNF, answer: int, start: bytes
) -> None:
    send_together(link, authenticate(user), second)
    read_until(link, answer, start)


def test_a_renewal_that_comes_with_the_token_is_answered(
    link: websocket.WebSocket, user: User
) -> None:
    send_together(link, authenticate(user), authenticate(user))
    read_until(link, ABNF.OPCODE_TEXT, b'{"action":"authenticated"')


@pytest.mark.parametrize(("body", "replayed"), [({}, 1), ({"since": None}, 1), ({"since": 0}, 2)])
def test_the_url_may_say_since_and_the_message_who(
    server: Server, user: User, body: dict[str, int | None], replayed: int
) -> None:
    user.bulk(*[{"action": "create", "task": {"title": "One"}}] * 2)
    with closing(connect(server, "?since=1")) as link:
        link.send_frame(authenticate(user, **body))
        said = [json.loads(link.recv()) for _ in range(replayed + 1)]
    assert [message["action"] for message in said] == ["task_create"] * replayed + ["stream_ready"]


def test_a_database_that_is_away_ends_no_session(
    link: websocket.WebSocket, user: User, stream_database: Database
) -> None:
    """Its client is to come back: 4401 would tell it to log in."""
    rename(stream_database, "sessions", "others")
    try:
        link.send_frame(authenticate(user))
        read_until(link, ABNF.OPCODE_CLOSE, (1012).to_bytes(2, "big") + b"server_restart")
    finally:
        rename(stream_database, "others", "sessions")
