"""For the plain WebSocket alone: frames that arrive together."""

import json
from collections.abc import Iterator
from contextlib import closing

import pytest
import websocket
from websocket import ABNF

from tests.support.api import User
from tests.support.server import Server


@pytest.fixture
def link(server: Server) -> Iterator[websocket.WebSocket]:
    """A connection that has not said yet who it is."""
    url = server.url.replace("http", "ws", 1) + "/ws/tasks/"
    with closing(websocket.create_connection(url, timeout=5)) as link:
        yield link


def authenticate(user: User) -> ABNF:
    body = {"action": "authenticate", "token": user.access}
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
